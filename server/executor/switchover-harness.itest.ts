import { expect } from 'vitest'
import { buildSwitchoverPlan } from '@/server/domain/plan/build-switchover'
import { describePlanHarness } from '@/server/testing/plan-harness'
import { steadyFacts } from '@/server/testing/steady-facts'
import { steadyRegions, World } from '@/server/testing/world/world'

describePlanHarness({
  name: 'a switchover',
  net: 81,
  seed: { build: buildSwitchoverPlan, facts: () => steadyFacts() },
  world: () => new World(steadyRegions()),
  effects: [
    'prewarm:us-west',
    'scale:us-west',
    'fence:db-us-east',
    'promote:db-us-west',
    'configure:us-west',
    'dns:us-west',
    'follow:db-us-east',
    'start:db-us-east',
    'configure:us-east',
    'scale:us-east',
  ],
  expectEnd: (world, service) => {
    expect(service).toMatchObject({ writerServerId: 'db-us-west', writerTimeline: 2 })
    expect(world.server('db-us-west')).toMatchObject({ role: 'primary', timeline: 2, signal: false })
    expect(world.server('db-us-east')).toMatchObject({ role: 'standby', up: true, timeline: 2, signal: true })
    expect(world.workload('us-east').replicas).toBe(5)
    expect(world.workload('us-west').replicas).toBe(10)
  },
  // More instances than needed harm nobody and are left; everything else is as it was, and the old primary takes writes.
  expectTakenBack: (world, start) => {
    const more = new Map([...world.workloads].map(([region, { replicas }]) => [region, replicas]))
    world.workload('us-west').replicas = 5
    expect(world.shape()).toEqual(start)
    expect(more.get('us-east')).toBe(10)
    expect(world.server('db-us-east')).toMatchObject({ role: 'primary', up: true, signal: false, fence: null })
  },
})

import { expect } from 'vitest'
import { buildFailbackPlan } from '@/server/domain/plan/build-failback'
import { describePlanHarness } from '@/server/testing/plan-harness'
import { returnedFacts } from '@/server/testing/returned-facts'
import { returnedRegion, World } from '@/server/testing/world/world'

describePlanHarness({
  name: 'a failback',
  net: 82,
  seed: { build: buildFailbackPlan, facts: () => returnedFacts() },
  world: () => {
    const world = new World(returnedRegion())
    // It still runs as many instances as when it served everyone.
    world.workload('us-east').replicas = 10
    return world
  },
  effects: ['stop:db-us-east', 'rewind:db-us-east', 'configure:us-east', 'scale:us-east'],
  expectEnd: (world, service) => {
    // The writer does not move.
    expect(service).toMatchObject({ writerServerId: 'db-us-west', writerTimeline: 2 })
    expect(world.server('db-us-west')).toMatchObject({ role: 'primary', timeline: 2 })
    expect(world.server('db-us-east')).toMatchObject({ role: 'standby', up: true, timeline: 2, signal: true })
    expect(world.workload('us-east')).toMatchObject({ replicas: 5, environment: { DATABASE_HOST: 'db-us-west.test' } })
    expect(world.server('db-us-east').follows?.host).toBe('db-us-west.test')
  },
})

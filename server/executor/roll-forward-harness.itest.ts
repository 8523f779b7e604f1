import { expect } from 'vitest'
import { buildRollForwardPlan } from '@/server/domain/plan/build-roll-forward'
import { delayedFacts } from '@/server/testing/delayed-facts'
import { describePlanHarness } from '@/server/testing/plan-harness'
import { makeServer } from '@/server/testing/world/servers'
import { steadyRegions, World } from '@/server/testing/world/world'

/** Beside the standby that is a candidate stands one that is held behind, fed by it. */
function withDelayed(): World {
  const steady = steadyRegions()
  const late = makeServer('us-west', {
    id: 'db-us-west-2',
    hostId: 'host-us-west-2',
    follows: { host: 'db-us-west.test', port: 5432, slot: 'db_us_west_2' },
  })
  return new World({ ...steady, servers: [...steady.servers, late], mayLose: true })
}

describePlanHarness({
  name: 'a roll forward',
  net: 85,
  seed: { build: buildRollForwardPlan, facts: () => delayedFacts() },
  world: withDelayed,
  effects: [
    'hold:db-us-west-2',
    'roll-forward:db-us-west-2',
    'fence:db-us-east',
    'promote:db-us-west-2',
    'stop:db-us-west',
    'configure:us-west',
    'prewarm:us-west',
    'scale:us-west',
    'configure:us-east',
    'dns:us-west',
  ],
  expectEnd: (world, service) => {
    expect(service).toMatchObject({ writerServerId: 'db-us-west-2', writerTimeline: 2 })
    expect(world.server('db-us-west-2')).toMatchObject({ role: 'primary', timeline: 2, signal: false, replay: null })
    expect(world.server('db-us-east')).toMatchObject({ up: false, signal: true, timeline: 1 })
    expect(world.server('db-us-west').up).toBe(false)
    for (const region of ['us-east', 'us-west']) {
      expect(world.workload(region).environment.DATABASE_HOST).toBe('db-us-west-2.test')
    }
  },
})

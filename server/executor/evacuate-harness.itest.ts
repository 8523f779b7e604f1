import { expect } from 'vitest'
import { buildEvacuatePlan } from '@/server/domain/plan/build-evacuate'
import { links, sharedConfig, sharedFacts } from '@/server/testing/evacuation-facts'
import { describePlanHarness } from '@/server/testing/plan-harness'
import { steadyRegions, World } from '@/server/testing/world/world'

const weights = (east: number, west: number) => `weights:${JSON.stringify({ 'us-east': east, 'us-west': west })}`
const shares = (world: World) => world.traffic.records.map(({ weight }) => weight)
const nothingMoved = { writerServerId: 'db-us-east', writerTimeline: 1 }

describePlanHarness({
  name: 'an evacuation',
  net: 84,
  seed: {
    build: buildEvacuatePlan,
    // One look is a whole watch: what is tested is the order of writes, not the length of a hold.
    facts: () =>
      sharedFacts({
        region: 'us-east',
        direction: 'out',
        config: sharedConfig({ holdMs: 1, minRequests: 1 }, [links]),
      }),
  },
  world: () => new World({ ...steadyRegions(), redirect: 'weighted' }),
  effects: ['scale:us-west', weights(50, 150), weights(10, 190), weights(0, 200)],
  expectEnd: (world, service) => {
    expect(shares(world)).toEqual([0, 200])
    expect(service).toMatchObject(nothingMoved)
  },
  // Instances that were added stay: too many harm nobody.
  expectTakenBack: (world) => expect(shares(world)).toEqual([100, 100]),
})

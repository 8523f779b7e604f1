import { expect } from 'vitest'
import { buildMergePlan } from '@/server/domain/plan/build-merge'
import { alone, mergeFacts, seedDivergence } from '@/server/testing/merge-facts'
import { describePlanHarness } from '@/server/testing/plan-harness'
import { returnedRegion, World } from '@/server/testing/world/world'

describePlanHarness({
  name: 'a merge',
  net: 87,
  seed: { build: buildMergePlan, facts: () => mergeFacts() },
  world: () => new World(returnedRegion()),
  prepare: (db) => seedDivergence(db),
  effects: ['merge:db-us-west'],
  expectEnd: (world, service) => {
    expect(service).toMatchObject({ writerServerId: 'db-us-west', writerTimeline: 2 })
    expect([...world.server('db-us-west').merged]).toHaveLength(alone)
    expect(world.server('db-us-east').merged.size).toBe(0)
  },
})

import { expect, it } from 'vitest'
import { readState } from './deployment-state'

const deployment = (
  generation: number,
  observedGeneration: number,
  counts: { replicas: number; updatedReplicas: number; readyReplicas: number },
) => ({
  metadata: { generation, annotations: { 'lifeboat.io/generation': '12' } },
  spec: {
    replicas: 2,
    selector: {},
    template: {
      spec: {
        containers: [
          {
            name: 'app',
            env: [
              { name: 'DATABASE_HOST', value: 'db-east-1.lab' },
              { name: 'SECRET', valueFrom: {} },
            ],
          },
          { name: 'sidecar', env: [{ name: 'OTHER', value: 'x' }] },
        ],
      },
    },
  },
  status: { observedGeneration, ...counts },
})

it.each([
  ['done', 3, 3, { replicas: 2, updatedReplicas: 2, readyReplicas: 2 }, true],
  ['counts are of the specification before', 3, 2, { replicas: 2, updatedReplicas: 2, readyReplicas: 2 }, false],
  ['an old one still runs', 3, 3, { replicas: 3, updatedReplicas: 2, readyReplicas: 2 }, false],
  ['one is not ready', 3, 3, { replicas: 2, updatedReplicas: 2, readyReplicas: 1 }, false],
  ['one is not updated', 3, 3, { replicas: 2, updatedReplicas: 1, readyReplicas: 2 }, false],
])('%s', (_what, generation, observed, counts, settled) => {
  expect(readState(deployment(generation, observed, counts)).settled).toBe(settled)
})

it('reads the plain variables of the first container, and the generation', () => {
  const state = readState(deployment(1, 1, { replicas: 2, updatedReplicas: 2, readyReplicas: 2 }))
  expect(state.environment).toEqual({ DATABASE_HOST: 'db-east-1.lab' })
  expect(state.generation).toBe(12)
  expect(readState({}).generation).toBeNull()
})

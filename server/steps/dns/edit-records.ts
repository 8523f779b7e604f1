import { z } from 'zod'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { requireWritableProof } from '../evidence'
import { createMemory } from '../memory'
import { defineStep, done, NotVerified, wait } from '../step'

const id = 'dns.edit-records'
const output = z.object({ name: z.string(), answers: z.array(z.string()), changeId: z.string() })
const pendingChange = createMemory<string>()

/**
 * Edits the records so that the new region's answers come first, and waits until every name server of the authority has them. Safe to repeat: the same edit
 * again changes nothing and gives another change to wait for. Not undone: after the promotion, traffic has nowhere else to go.
 */
export const editRecords = defineStep({
  id,
  title: 'Edit the records to the new region',
  input: failoverInputs[id],
  output,
  precheck: async () => [],
  async run(context, { name, zoneId, toRegion, answers, writableStepKey }) {
    requireWritableProof(context, writableStepKey, toRegion)
    const { authority } = context.service
    const known = pendingChange.get(context, name)
    const comment = `Lifeboat run ${context.runId}: ${name} to ${toRegion}`
    const changeId = known ?? (await authority.makePrimary(zoneId, name, answers, comment)).changeId
    pendingChange.set(context, name, changeId)
    const status = await authority.changeStatus(changeId)
    if (status === 'PENDING') return wait(200, `Change ${changeId} has not reached every name server yet`)
    pendingChange.forget(context, name)
    return done({ name, answers, changeId })
  },
  async verify(context, { name, zoneId, answers }) {
    const records = await context.service.authority.listRecords(zoneId, name)
    const first = records.find(({ failover }) => failover === 'PRIMARY') ?? records[0]
    if (!first || !answers.every((answer) => first.values.includes(answer))) {
      throw new NotVerified(`The first answer of ${name} is ${first?.values.join(', ') ?? 'nothing'}`)
    }
  },
  compensate: { none: 'After the promotion, traffic has nowhere else to go' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 180_000,
  maxAttempts: 10,
  backoffMs: 500,
  describe: ({ name, zoneId, toRegion, answers }) => ({
    description: `Make ${answers.join(', ')} (${toRegion}) the first answer of ${name}, and wait until the change is in sync.`,
    commands: [
      [
        'aws',
        'route53',
        'change-resource-record-sets',
        '--hosted-zone-id',
        zoneId,
        '--change-batch',
        'file://change.json',
      ],
      ['aws', 'route53', 'wait', 'resource-record-sets-changed', '--id', '<change id>'],
    ],
    changes: `${name} answers ${answers.join(', ')}.`,
  }),
})

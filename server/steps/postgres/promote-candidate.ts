import { failoverInputs, promoteOutput } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import { blocker } from '../blocker'
import { findFenceEvidence } from '../evidence'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified } from '../step'

const id = 'postgres.promote-candidate'

/**
 * Makes the candidate the primary. Refuses without evidence of this run that the old one is fenced: two writable primaries are the one thing that must never be.
 * Safe to repeat: a candidate that is promoted already is observed as such. Not undone: its history has left the old primary's.
 */
export const promoteCandidate = defineStep({
  id,
  title: 'Promote the candidate',
  input: failoverInputs[id],
  output: promoteOutput,
  async precheck(context, { evidenceStepKey, fencedServerId }) {
    if (findFenceEvidence(context, evidenceStepKey, fencedServerId)) return []
    const message = `This run holds no evidence that ${fencedServerId} is fenced.`
    return [blocker(id, 'fencing.no-evidence', message, 'Fence the old primary and prove it, or use break-glass.')]
  },
  async run(context, input) {
    const { serverId, systemIdentifier, timeline, evidenceStepKey, fencedServerId } = input
    const system = `postgres ${serverId}`
    if (!findFenceEvidence(context, evidenceStepKey, fencedServerId)) {
      throw new Terminal(system, `Nothing proves that ${fencedServerId} is fenced; ${serverId} was not promoted`)
    }
    const before = await context.service.postgres(serverId).identify()
    expectSystem(serverId, before.systemIdentifier, systemIdentifier)
    const expected = before.inRecovery ? before.timeline === timeline : before.timeline > timeline
    if (!expected) {
      const role = before.inRecovery ? 'a standby' : 'a primary'
      throw new Terminal(
        system,
        `${serverId} is ${role} on timeline ${before.timeline}; the plan knows ${timeline}. It was not promoted`,
      )
    }
    // Asked of one that is a primary already too: only its agent can read where the timelines part.
    const promoted = await context.service.agent(serverId).call('promote', {
      generation: context.generation,
      runId: context.runId,
      expectSystemIdentifier: systemIdentifier,
      deadlineMs: input.promoteDeadlineMs,
    })
    return done({ ...promoted, promotedAt: instant(context.clock.now()) })
  },
  async verify(context, { serverId, systemIdentifier, timeline }, output) {
    const seen = await context.service.postgres(serverId).identify()
    expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    if (seen.inRecovery) throw new NotVerified(`${serverId} is still in recovery`)
    if (seen.timeline <= timeline || seen.timeline !== output.timeline) {
      throw new NotVerified(`${serverId} writes on timeline ${seen.timeline}; its agent said ${output.timeline}`)
    }
  },
  compensate: { none: 'A promoted server has a history of its own; going back is a failback' },
  pointOfNoReturn: true,
  skippable: false,
  deadlineMs: 240_000,
  maxAttempts: 3,
  backoffMs: 200,
  describe: ({ serverId, region, host, port }) => ({
    description: `Promote ${serverId} in ${region}: from here on it is the writer.`,
    commands: [['psql', '-h', host, '-p', String(port), '-c', 'SELECT pg_promote()']],
    changes: `${serverId} accepts writes on a new timeline; the old primary can only come back as its standby.`,
  }),
})

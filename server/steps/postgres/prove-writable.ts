import { failoverInputs, writableOutput } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified } from '../step'

const id = 'postgres.prove-writable'

/**
 * Commits one row on the new primary and reads it back over another connection. Safe to repeat: each proof is a row of its own, in Lifeboat's schema.
 * A primary that crashed after its promotion has come back read-only under its agent's boot guard, and hears who the writer is from nobody but this run while
 * it lasts: its agent is told, and itself refuses an older generation, another timeline, and a server that was fenced by an order.
 * Nothing to undo. A commit that hangs (a synchronous standby that is gone) is a failure here, as it would be for users.
 */
export const proveWritable = defineStep({
  id,
  title: 'Prove that the new primary accepts writes',
  input: failoverInputs[id],
  output: writableOutput,
  precheck: async () => [],
  async run(context, { serverId, region, systemIdentifier, newerThanTimeline }) {
    const server = context.service.postgres(serverId)
    const seen = await server.identify()
    expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    if (seen.inRecovery && seen.timeline > newerThanTimeline) {
      const word = { generation: context.generation, writerServerId: serverId, systemIdentifier }
      await context.service.agent(serverId).call('assertWriter', { ...word, timeline: seen.timeline })
    }
    const { lsn, timeline } = await server.proveWritable(`run ${context.runId}`)
    if (timeline <= newerThanTimeline) {
      const message = `${serverId} writes on timeline ${timeline}, which is the old primary's (${newerThanTimeline})`
      throw new Terminal(`postgres ${serverId}`, message)
    }
    return done({ serverId, region, systemIdentifier, timeline, lsn, provedAt: instant(context.clock.now()) })
  },
  async verify(context, { serverId }, { timeline }) {
    const seen = await context.service.agent(serverId).call('observe', {})
    if (seen.role !== 'primary' || seen.timeline !== timeline || seen.standbySignal) {
      throw new NotVerified(`The agent of ${serverId} does not see a primary on timeline ${timeline}`)
    }
  },
  compensate: { none: 'It changes nothing but a row of its own' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 10,
  backoffMs: 100,
  describe: ({ serverId, region }) => ({
    description: `Write one row to ${serverId} in ${region} and read it back over another connection.`,
    commands: [['psql', '-h', serverId, '-c', "INSERT INTO lifeboat.probe (note) VALUES ('by hand')"]],
    changes: null,
  }),
})

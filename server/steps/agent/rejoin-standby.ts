import type { z } from 'zod'
import type { AgentObservation } from '@/server/domain/agent-protocol'
import { rejoinInputs, rejoinOutput, slotOf } from '@/server/domain/plan/rejoin-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const id = 'agent.rejoin-standby'
type Input = z.infer<(typeof rejoinInputs)[typeof id]>

const followsAlready = ({ follows }: AgentObservation, input: Input): boolean =>
  follows !== null &&
  follows.host === input.upstreamHost &&
  follows.port === input.upstreamPort &&
  follows.slot === input.slot

/** Only a server that cannot take writes may be told to follow another; and it has to be the one that the plan is about. */
function expectStandby(seen: AgentObservation, { serverId, systemIdentifier }: Input): void {
  const system = `agent ${serverId}`
  if (seen.serverId !== serverId) throw new Terminal(system, `The agent answers for ${seen.serverId}`)
  if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
  if (seen.role === 'primary' || !seen.standbySignal) {
    const how = seen.role === 'primary' ? 'runs as a primary' : 'is not marked as a standby'
    throw new Terminal(system, `${serverId} ${how}; it was not told to follow another. Fence it first`)
  }
}

/** Of the time when it was the primary: the new primary's own slot here would hold WAL for nobody. */
async function dropOldSlot(context: StepContext, seen: AgentObservation, input: Input): Promise<void> {
  const old = slotOf(input.upstreamServerId)
  if (!seen.slots.some((slot) => slot.name === old && !slot.active)) return
  const { generation, runId } = context
  await context.service.agent(input.serverId).call('dropSlot', { generation, runId, slot: old })
}

/**
 * Has a stopped or read-only server follow the new primary through a slot, and starts it. Safe to repeat: what follows already is left alone.
 * Never makes a server writable. Not undone: it stays a standby of whoever is the writer.
 */
export const rejoinStandby = defineStep({
  id,
  title: 'Rejoin the old primary as a standby',
  input: rejoinInputs[id],
  output: rejoinOutput,
  precheck: async () => [],
  async run(context, input) {
    const { serverId, upstreamServerId, slot } = input
    const agent = context.service.agent(serverId)
    const seen = await agent.call('observe', {})
    expectStandby(seen, input)
    const order = { generation: context.generation, runId: context.runId }
    if (!followsAlready(seen, input)) {
      const upstream = { host: input.upstreamHost, port: input.upstreamPort, slot }
      await agent.call('follow', { ...order, ...upstream, expectSystemIdentifier: input.systemIdentifier })
    }
    if (seen.state === 'stopped') {
      await agent.call('start', order)
      return wait(50, `${serverId} starts as a standby of ${upstreamServerId}`)
    }
    if (seen.receiver?.status !== 'streaming' || seen.timeline === null) {
      return wait(200, `${serverId} is ${seen.state} and does not receive from ${upstreamServerId} yet`)
    }
    await dropOldSlot(context, seen, input)
    const rejoinedAt = instant(context.clock.now())
    return done({ serverId, upstreamServerId, slot, timeline: seen.timeline, rejoinedAt })
  },
  async verify(context, { serverId, upstreamServerId, systemIdentifier, slot }) {
    const [standby, primary, upstream] = await Promise.all([
      context.service.postgres(serverId).identify(),
      context.service.postgres(upstreamServerId).identify(),
      context.service.agent(upstreamServerId).call('observe', {}),
    ])
    expectSystem(serverId, standby.systemIdentifier, systemIdentifier)
    expectSystem(upstreamServerId, primary.systemIdentifier, systemIdentifier)
    if (!standby.inRecovery) throw new NotVerified(`${serverId} answers as a primary`)
    if (primary.inRecovery) throw new NotVerified(`${upstreamServerId} is not a primary`)
    if (standby.timeline !== primary.timeline) {
      throw new NotVerified(
        `${serverId} is on timeline ${standby.timeline}, ${upstreamServerId} on ${primary.timeline}`,
      )
    }
    if (!upstream.replication.some((row) => row.slotName === slot && row.state === 'streaming')) {
      throw new NotVerified(`${upstreamServerId} does not see ${serverId} streaming through the slot ${slot}`)
    }
  },
  compensate: { none: 'It stays a standby of the writer' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 120_000,
  maxAttempts: 10,
  backoffMs: 500,
  describe: ({ serverId, region, upstreamServerId, upstreamHost, upstreamPort, slot }) => ({
    description: `Start ${serverId} in ${region} as a standby of ${upstreamServerId}, through the slot ${slot}.`,
    commands: [
      [
        'psql',
        '-h',
        upstreamHost,
        '-p',
        String(upstreamPort),
        '-c',
        `SELECT pg_create_physical_replication_slot('${slot}', true)`,
      ],
      ['pg_ctl', 'start', '-D', '$PGDATA'],
    ],
    changes: `${serverId} runs again, read-only, and receives what ${upstreamServerId} writes.`,
  }),
})

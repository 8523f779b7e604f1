import type { z } from 'zod'
import type { AgentObservation, AgentResult } from '@/server/domain/agent-protocol'
import { compareLsn, lsnDiffBytes } from '@/server/domain/lsn'
import { checkpointOutput, stopOutput, switchoverInputs } from '@/server/domain/plan/switchover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal, Transient } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { createMemory } from '../memory'
import { askDirectly } from '../postgres/ask-directly'
import { defineStep, done, NotVerified, type StepContext, type StepResult, wait } from '../step'
import { isHeldDown } from './observe-if-reachable'

const id = 'agent.stop-primary'
type Input = z.infer<(typeof switchoverInputs)[typeof id]>
type Output = z.infer<typeof stopOutput>

const waitingSince = createMemory<number>()

function expectPrimary(seen: AgentObservation, { serverId, systemIdentifier, timeline }: Input): void {
  const system = `agent ${serverId}`
  if (seen.serverId !== serverId) throw new Terminal(system, `The agent answers for ${seen.serverId}`)
  if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
  if (seen.role !== 'primary' || seen.timeline !== timeline) {
    const is = `${seen.role ?? seen.state} on timeline ${seen.timeline ?? 'unknown'}`
    throw new Terminal(
      system,
      `${serverId} is ${is}; the plan stops the primary on timeline ${timeline}. Nothing was done`,
    )
  }
}

/**
 * Both servers over SQL, right before the stop: the ones that the plan is about, in the roles that it knows, and the candidate past the marker.
 * @returns words for what the candidate still lacks, or null
 */
async function candidateLacks(context: StepContext, input: Input): Promise<string | null> {
  const { serverId, candidateServerId, systemIdentifier, timeline } = input
  const [primary, candidate] = await Promise.all([
    context.service.postgres(serverId).identify(),
    context.service.postgres(candidateServerId).identify(),
  ])
  expectSystem(serverId, primary.systemIdentifier, systemIdentifier)
  expectSystem(candidateServerId, candidate.systemIdentifier, systemIdentifier)
  if (primary.inRecovery || primary.timeline !== timeline) {
    throw new Terminal(
      `postgres ${serverId}`,
      `${serverId} does not answer as the primary on timeline ${timeline}. Nothing was done`,
    )
  }
  if (!candidate.inRecovery || candidate.timeline !== timeline) {
    throw new Terminal(
      `postgres ${candidateServerId}`,
      `${candidateServerId} does not answer as a standby on timeline ${timeline}. Nothing was done`,
    )
  }
  const { markerLsn } = checkpointOutput.parse(context.outputs[input.outputStepKey])
  const at = candidate.replayedLsn
  if (at !== null && compareLsn(at, markerLsn) >= 0) return null
  const short = at === null ? 'has replayed nothing' : `is ${lsnDiffBytes(markerLsn, at)} bytes short of the marker`
  return `${candidateServerId} ${short}; ${serverId} goes on until it has it`
}

/** Waits a moment for the marker; a stream that does not carry it would not carry the last write either. */
function waitForMarker(context: StepContext, { serverId, markerWaitMs }: Input, lacks: string): StepResult<Output> {
  const now = context.clock.now()
  const since = waitingSince.get(context, serverId) ?? now
  waitingSince.set(context, serverId, since)
  if (now - since > markerWaitMs) {
    waitingSince.forget(context, serverId)
    throw new Terminal(
      'replication',
      `${lacks}, and did not get it in ${Math.round(markerWaitMs / 1000)} s. Nothing was stopped`,
    )
  }
  return wait(50, lacks)
}

/** An immediate stop or a kill writes no shutdown checkpoint: then nobody can prove that the candidate has everything. */
function expectCleanStop({ serverId }: Input, { how, control, ...fenced }: AgentResult<'fence'>) {
  const system = `agent ${serverId}`
  if (!fenced.stopped || !fenced.standbySignal) {
    throw new Transient(system, `${serverId} ${fenced.stopped ? 'has stopped without its marker' : 'has not stopped'}`)
  }
  if ((how !== 'fast' && how !== 'already') || control?.state !== 'shut down') {
    const message = `${serverId} was not stopped cleanly (${how}; its control file says "${control?.state ?? 'nothing'}"): there is no shutdown checkpoint to compare with. It is started again as the primary`
    throw new Terminal(system, message)
  }
  return { how, controlState: 'shut down' as const, shutdownLsn: control.checkpointLsn }
}

/**
 * Stops the primary in order, marked so that a restart cannot take writes, and reads where its history ends. Safe to repeat: the agent answers what is so.
 * Undone by the same agent, which starts it as the primary that it was. Everything that can be looked at is looked at before the stop.
 */
export const stopPrimary = defineStep({
  id,
  title: 'Stop the primary in order',
  input: switchoverInputs[id],
  output: stopOutput,
  precheck: async () => [],
  async run(context, input) {
    const { serverId, systemIdentifier, stopDeadlineMs } = input
    const agent = context.service.agent(serverId)
    const seen = await agent.call('observe', {})
    const stoppedByUs = isHeldDown(seen) && seen.fence?.runId === context.runId
    if (!stoppedByUs) {
      expectPrimary(seen, input)
      const lacks = await candidateLacks(context, input)
      if (lacks !== null) return waitForMarker(context, input, lacks)
    }
    const begunAt = stoppedByUs && seen.fence ? seen.fence.at : instant(context.clock.now())
    const fenced = await agent.call('fence', {
      generation: context.generation,
      runId: context.runId,
      expectSystemIdentifier: systemIdentifier,
      deadlineMs: stopDeadlineMs,
    })
    return done({ ...expectCleanStop(input, fenced), begunAt, stoppedAt: instant(context.clock.now()) })
  },
  async verify(context, { serverId }) {
    const answer = await askDirectly(context, serverId)
    if (answer.kind !== 'silent') throw new NotVerified(`${serverId} was stopped, but: ${answer.words}`)
  },
  compensate: {
    how: 'Its agent takes the marker away and starts it as the primary it was; a write proves it.',
    async run(context, { serverId, systemIdentifier }) {
      waitingSince.forget(context, serverId)
      await context.service.agent(serverId).call('unfence', {
        generation: context.generation,
        runId: context.runId,
        expectSystemIdentifier: systemIdentifier,
      })
      return done(null)
    },
    async verify(context, { serverId }) {
      await context.service.postgres(serverId).proveWritable(`taken back by run ${context.runId}`)
    },
  },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 3,
  backoffMs: 200,
  describe: ({ serverId, region, candidateServerId }) => ({
    description: `Stop ${serverId} in ${region} in order, once ${candidateServerId} has the marker; from here no write is taken until the new primary does.`,
    commands: [
      ['touch', '$PGDATA/standby.signal'],
      ['pg_ctl', 'stop', '-D', '$PGDATA', '-m', 'fast'],
      ['pg_controldata', '-D', '$PGDATA'],
    ],
    changes: `${serverId} stops; its open sessions end.`,
  }),
})

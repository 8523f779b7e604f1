import type { z } from 'zod'
import type { AgentObservation } from '@/server/domain/agent-protocol'
import { compareLsn, furthestLsn, lsnDiffBytes } from '@/server/domain/lsn'
import { handoverEvidence, stopOutput, switchoverInputs } from '@/server/domain/plan/switchover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal, Transient, Unreachable } from '@/server/ports/errors'
import type { PostgresServer } from '@/server/ports/managed'
import { isHeldDown } from '../agent/observe-if-reachable'
import { expectSystem } from '../identity'
import { createMemory } from '../memory'
import { defineStep, done, NotVerified, type StepContext, type StepResult, wait } from '../step'
import { askDirectly, type DirectAnswer } from './ask-directly'

const id = 'postgres.prove-handover'
type Input = z.infer<(typeof switchoverInputs)[typeof id]>
type Evidence = z.infer<typeof handoverEvidence>
type Candidate = Awaited<ReturnType<PostgresServer['identify']>>

const waitingSince = createMemory<number>()

/** What the old primary's own agent sees, over another call than the one that stopped it, and the server's silence. */
function expectStopped(input: Input, seen: AgentObservation, answer: DirectAnswer, shutdownLsn: string): void {
  const { serverId, systemIdentifier } = input
  const system = `agent ${serverId}`
  if (seen.serverId !== serverId) throw new Terminal(system, `The agent answers for ${seen.serverId}`)
  if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
  if (!isHeldDown(seen)) throw new Terminal(system, `${serverId} is ${seen.state}, not held down: nothing was promoted`)
  if (seen.control?.state !== 'shut down' || seen.control.checkpointLsn !== shutdownLsn) {
    const says = `"${seen.control?.state ?? 'nothing'}" at ${seen.control?.checkpointLsn ?? 'no position'}`
    throw new Terminal(system, `${serverId}'s control file says ${says}, not a clean end at ${shutdownLsn}`)
  }
  if (answer.kind === 'changing')
    throw new Transient(`postgres ${serverId}`, `${serverId} is not settled. ${answer.words}`)
  if (answer.kind !== 'silent') {
    throw new Terminal(`postgres ${serverId}`, `${serverId} was stopped, but: ${answer.words}. Nothing was promoted`)
  }
}

/** null when it does not answer just now: it may yet, until the deadline. */
async function readCandidate(context: StepContext, serverId: string): Promise<Candidate | null> {
  try {
    return await context.service.postgres(serverId).identify()
  } catch (error) {
    if (error instanceof Unreachable || error instanceof Transient) return null
    throw error
  }
}

/** The position is where the shutdown checkpoint *begins*: only a position past it says that the record itself is there. */
function lacks({ candidateServerId }: Input, candidate: Candidate | null, shutdownLsn: string): string | null {
  if (candidate === null) return `${candidateServerId} does not answer`
  const at = candidate.replayedLsn
  if (at !== null && compareLsn(at, shutdownLsn) > 0) return null
  const received = furthestLsn(candidate.receivedLsn, at)
  const short =
    received === null ? 'nothing' : `up to ${received}, ${Math.max(1, lsnDiffBytes(shutdownLsn, received))} bytes short`
  return `${candidateServerId} has received ${short} and replayed up to ${at ?? 'nothing'} of what ends at ${shutdownLsn}`
}

function expectCandidate({ candidateServerId, systemIdentifier, timeline }: Input, candidate: Candidate): void {
  expectSystem(candidateServerId, candidate.systemIdentifier, systemIdentifier)
  if (candidate.inRecovery && candidate.timeline === timeline) return
  const role = candidate.inRecovery ? 'a standby' : 'a primary'
  const message = `${candidateServerId} is ${role} on timeline ${candidate.timeline}, not a standby on ${timeline}`
  throw new Terminal(`postgres ${candidateServerId}`, message)
}

function waitOrGiveUp(
  context: StepContext,
  { candidateServerId, serverId, waitMs }: Input,
  what: string,
): StepResult<Evidence> {
  const now = context.clock.now()
  const since = waitingSince.get(context, serverId) ?? now
  waitingSince.set(context, serverId, since)
  if (now - since <= waitMs) return wait(10, what)
  waitingSince.forget(context, serverId)
  const message = `${candidateServerId} fell short: ${what}, after ${(waitMs / 1000).toFixed(1)} s. Nothing was promoted; ${serverId} is started again as the primary`
  throw new Terminal('handover', message)
}

/**
 * Changes nothing: proves that the old primary ended in order and cannot take writes, and that the candidate has the last record that it ever wrote.
 * That is evidence of fencing and of zero loss in one. Safe to repeat; nothing to undo.
 */
export const proveHandover = defineStep({
  id,
  title: 'Prove that the candidate has everything',
  input: switchoverInputs[id],
  output: handoverEvidence,
  precheck: async () => [],
  async run(context, input) {
    const { serverId, candidateServerId } = input
    const stop = stopOutput.safeParse(context.outputs[input.fenceStepKey])
    if (!stop.success)
      throw new Terminal(id, `No step of this run has stopped ${serverId} in order; there is nothing to prove`)
    const { shutdownLsn } = stop.data
    const [seen, answer, candidate] = await Promise.all([
      context.service.agent(serverId).call('observe', {}),
      askDirectly(context, serverId),
      readCandidate(context, candidateServerId),
    ])
    expectStopped(input, seen, answer, shutdownLsn)
    if (candidate !== null) expectCandidate(input, candidate)
    const missing = lacks(input, candidate, shutdownLsn)
    if (missing !== null || candidate?.replayedLsn == null)
      return waitOrGiveUp(context, input, missing ?? 'no position')
    waitingSince.forget(context, serverId)
    const { replayedLsn } = candidate
    const receivedLsn = furthestLsn(candidate.receivedLsn, replayedLsn) ?? replayedLsn
    const at = instant(context.clock.now())
    return done({
      method: 'handover' as const,
      serverId,
      facts: [
        { what: `agent of ${serverId}`, seen: 'PostgreSQL stopped, standby.signal in place', at: seen.observedAt },
        { what: `control file of ${serverId}`, seen: `shut down, last record at ${shutdownLsn}`, at: seen.observedAt },
        { what: `direct connection to ${serverId}`, seen: answer.words, at },
        { what: candidateServerId, seen: `received up to ${receivedLsn}, replayed up to ${replayedLsn}`, at },
      ],
      shutdownLsn,
      candidateReceivedLsn: receivedLsn,
      candidateReplayedLsn: replayedLsn,
      provedAt: at,
    })
  },
  /** Each second here is a second without writes: one more look at the server itself, which takes a millisecond when it is down. */
  async verify(context, { serverId }) {
    const answer = await askDirectly(context, serverId)
    if (answer.kind !== 'silent') throw new NotVerified(`${serverId} answers again. ${answer.words}`)
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 30_000,
  maxAttempts: 20,
  backoffMs: 50,
  describe: ({ serverId, candidateServerId }) => ({
    description: `Prove that ${serverId} ended in order and that ${candidateServerId} has replayed its last record; if not by the deadline, ${serverId} is started again.`,
    commands: [
      ['pg_controldata', '-D', '$PGDATA'],
      ['psql', '-h', candidateServerId, '-c', 'SELECT pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()'],
    ],
    changes: null,
  }),
})

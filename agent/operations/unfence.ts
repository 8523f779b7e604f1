import type { AgentRequest } from '@/server/domain/agent-protocol'
import { refused } from '../agent-error'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'

/** Stops a read-only server, takes mark and signal away, and starts it on the timeline that it was on. */
export async function makeWritableAgain(host: Host): Promise<void> {
  if (host.postmaster.isRunning) await host.stopFirst(20_000)
  await host.state.update({ fence: null, follows: null, successor: null })
  await host.startPrimary()
}

export async function unfence(host: Host, request: AgentRequest<'unfence'>): Promise<void> {
  refuseStale(host, request.generation)
  await host.expectSystem(request.expectSystemIdentifier)
  const { state } = host
  const { fence, successor, follows, writableTimeline, incomplete } = state.current
  if (successor) throw refused(`${successor.serverId} has become the writer; this server can only rejoin as a standby`)
  if (fence?.reason === 'superseded')
    throw refused('another server has become the writer; this one can only rejoin as a standby')
  if (incomplete) throw refused('the data directory is half rewritten; it needs a fresh base copy')
  if (follows !== null || writableTimeline === null) throw refused('this server was not a primary; promote it instead')
  await recordGeneration(host, request.generation)
  // Running without mark and signal: writable, or recovering towards it; a second stop would only begin that again.
  if (fence === null && !host.directory.hasStandbySignal && host.postmaster.isRunning) return
  await makeWritableAgain(host)
  host.log.warn({ runId: request.runId, generation: request.generation }, 'unfenced')
}

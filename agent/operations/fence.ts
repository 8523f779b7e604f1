import type { AgentRequest, AgentResult, FenceMark } from '@/server/domain/agent-protocol'
import { failed } from '../agent-error'
import { refuseStale } from '../generation'
import type { Host } from '../host'

/** Runs one of the preparations; a full disk must not keep a server from being stopped. */
async function attempt(host: Host, what: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    host.log.error({ error: error instanceof Error ? error.message : 'unknown' }, `fence: ${what} could not be written`)
    return false
  }
}

/**
 * Mark and signal first, so that whatever happens next no restart is writable; then the stop. Safe to repeat.
 * @returns what is so afterwards, by a sweep over the processes and the control file
 */
export async function applyFence(host: Host, mark: FenceMark, deadlineMs: number): Promise<AgentResult<'fence'>> {
  host.desired = 'stopped'
  const newestGeneration = Math.max(mark.generation, host.state.current.newestGeneration)
  const marked = await attempt(host, 'the mark', () => host.state.update({ fence: mark, newestGeneration }))
  await attempt(host, 'standby.signal', () => host.directory.placeStandbySignal())
  const { how } = await host.postmaster.stopByAllMeans(deadlineMs)
  host.admin.close()
  if (!marked) throw failed('the server was told to stop, but the fence mark is not on disk; observe it')
  const control = await host.controlFile.read()
  return {
    stopped: !host.postmaster.isRunning,
    standbySignal: host.directory.hasStandbySignal,
    how,
    control: control?.control ?? null,
  }
}

export async function fence(host: Host, request: AgentRequest<'fence'>): Promise<AgentResult<'fence'>> {
  refuseStale(host, request.generation)
  await host.expectSystem(request.expectSystemIdentifier)
  const outcome = await applyFence(host, host.fenceMark('run', request.runId, request.generation), request.deadlineMs)
  host.log.warn({ runId: request.runId, generation: request.generation, ...outcome }, 'fenced')
  return outcome
}

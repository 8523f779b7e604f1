import { AgentError } from './agent-error'
import type { Host } from './host'

/** Before anything else is looked at: who holds an older generation no longer leads the run. Equal is the same caller again. */
export function refuseStale(host: Host, generation: number): void {
  const newest = host.state.current.newestGeneration
  if (generation >= newest) return
  throw new AgentError(
    'stale-generation',
    `this server has already obeyed generation ${newest}; generation ${generation} was not obeyed`,
    newest,
  )
}

/** On disk before the operation acts, and not before its guards have passed: a misdirected call must not lock out the right one. */
export async function recordGeneration(host: Host, generation: number): Promise<void> {
  if (generation > host.state.current.newestGeneration) await host.state.update({ newestGeneration: generation })
}

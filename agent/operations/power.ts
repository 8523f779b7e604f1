import type { AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { guardedStart } from '../boot'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'

/** A fast stop, nothing more: no mark. What is started afterwards is guarded all the same. */
export async function stop(host: Host, request: AgentRequest<'stop'>): Promise<AgentResult<'stop'>> {
  refuseStale(host, request.generation)
  await recordGeneration(host, request.generation)
  host.desired = 'stopped'
  const stopped = await host.postmaster.stopFast(request.deadlineMs)
  host.admin.close()
  return { stopped }
}

/** Starts what is there, read-only. Already running: nothing changes. */
export async function start(host: Host, request: AgentRequest<'start'>): Promise<void> {
  refuseStale(host, request.generation)
  await host.readControl()
  await recordGeneration(host, request.generation)
  host.desired = 'running'
  if (host.postmaster.pid() !== null) return
  await guardedStart(host)
}

import type { AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { refused } from '../agent-error'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'
import { applyFence } from './fence'
import { makeWritableAgain } from './unfence'

/** A superseded primary has nothing worth waiting for: its sessions write what nobody will read. */
const supersededDeadlineMs = 5_000

async function role(host: Host): Promise<'primary' | 'standby' | null> {
  const recovering = await host.inRecovery()
  return recovering === null ? null : recovering ? 'standby' : 'primary'
}

async function hearOfAnother(host: Host, request: AgentRequest<'assertWriter'>): Promise<boolean> {
  const { state } = host
  const newer = request.generation > state.current.newestGeneration
  const successor = {
    serverId: request.writerServerId,
    generation: request.generation,
    timeline: request.timeline,
  }
  if (!(await host.mayWrite())) {
    const wasWritable = state.current.writableTimeline !== null
    if (newer || (wasWritable && state.current.successor === null)) {
      await state.update({ newestGeneration: request.generation, ...(wasWritable ? { successor } : {}) })
    }
    return false
  }
  if (!newer) return false
  // In one write with the mark: were the generation alone on disk, a crash now would make the next call look old.
  await state.update({ successor })
  const mark = host.fenceMark('superseded', null, request.generation)
  const outcome = await applyFence(host, mark, supersededDeadlineMs)
  host.log.error({ writer: request.writerServerId, how: outcome.how }, 'another server is the writer: fenced')
  return true
}

async function hearOfMyself(host: Host, request: AgentRequest<'assertWriter'>): Promise<boolean> {
  const { fence, writableTimeline } = host.state.current
  if (fence?.reason !== 'boot-guard' || writableTimeline === null || (await host.inRecovery()) !== true) {
    await recordGeneration(host, request.generation)
    return false
  }
  const timeline = await host.ownTimeline()
  if (timeline !== request.timeline) {
    throw refused(`this server is on timeline ${timeline}, the writer is on ${request.timeline}; it stays read-only`)
  }
  await recordGeneration(host, request.generation)
  await makeWritableAgain(host)
  host.log.warn({ generation: request.generation }, 'confirmed as the writer: writable again')
  return true
}

export async function assertWriter(
  host: Host,
  request: AgentRequest<'assertWriter'>,
): Promise<AgentResult<'assertWriter'>> {
  refuseStale(host, request.generation)
  await host.expectSystem(request.systemIdentifier)
  const isMe = request.writerServerId === host.config.serverId
  const changed = isMe ? await hearOfMyself(host, request) : await hearOfAnother(host, request)
  return { role: await role(host), changed }
}

import type { AgentObservation } from '@/server/domain/agent-protocol'
import { agentFacts } from '../facts'
import { forkLimit, isWritable, lsnOf, systemIdentifier, type WorldServer } from './servers'
import type { World } from './world'

/** What the agent beside a server of the world sees. */
export function observeServer(world: World, server: WorldServer): AgentObservation {
  const at = new Date().toISOString()
  const writes = isWritable(server)
  const standby = server.up && server.role === 'standby'
  const upstream = standby ? world.upstreamOf(server) : null
  const streaming = upstream?.up && forkLimit(server, upstream) !== null ? upstream : null
  const behind = streaming ? streaming.position - server.position : 0
  return agentFacts({
    serverId: server.id,
    observedAt: at,
    state: server.up ? 'running' : 'stopped',
    role: server.up ? server.role : null,
    systemIdentifier,
    timeline: server.timeline,
    acceptsWrites: server.up ? writes : null,
    standbySignal: server.signal,
    fence: server.fence ? { ...server.fence, generation: server.generation } : null,
    control: {
      state: server.up
        ? writes
          ? 'in production'
          : 'in archive recovery'
        : server.clean
          ? 'shut down'
          : 'in production',
      checkpointLsn: lsnOf(server.checkpoint),
      redoLsn: lsnOf(server.checkpoint),
      timeline: server.timeline,
    },
    currentLsn: writes ? lsnOf(server.position) : null,
    receivedLsn: standby ? lsnOf(server.received) : null,
    replayedLsn: standby ? lsnOf(server.position) : null,
    replayPaused: standby ? server.replayPaused : null,
    replay: server.replay,
    receiver: streaming
      ? {
          status: 'streaming',
          senderHost: streaming.id,
          senderPort: 5432,
          lastMessageAt: at,
          latestEndLsn: lsnOf(streaming.position),
        }
      : null,
    follows: server.follows,
    replication: writes ? world.followersOf(server).map((each) => replicationRow(each, at)) : [],
    slots: [...server.slots].map((name) => ({
      name,
      active: true,
      restartLsn: lsnOf(server.position),
      walStatus: 'reserved',
    })),
    heartbeat: {
      at: new Date(Date.now() - (behind > 0x1000 ? 5_000 : 50)).toISOString(),
      lsn: lsnOf(server.position),
      serverId: streaming?.id ?? server.id,
    },
    newestGeneration: server.generation,
    sight: { controlSeenAt: at, standbySeenAt: null, selfFenceAfterMs: 30_000, selfFenceAt: null },
  })
}

function replicationRow(standby: WorldServer, at: string): AgentObservation['replication'][number] {
  return {
    applicationName: standby.id,
    clientAddress: null,
    state: 'streaming',
    syncState: 'async',
    slotName: standby.follows?.slot ?? null,
    sentLsn: lsnOf(standby.inFlight),
    writtenLsn: lsnOf(standby.received),
    flushedLsn: lsnOf(standby.received),
    replayedLsn: lsnOf(standby.position),
    lastReplyAt: at,
  }
}

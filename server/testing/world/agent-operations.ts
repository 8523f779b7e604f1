import type { AgentOperation } from '@/server/domain/agent-protocol'
import { Terminal } from '@/server/ports/errors'
import { observeServer } from './observe'
import {
  becomeCopy,
  forkLimit,
  isWritable,
  lsnOf,
  promote,
  stopCleanly,
  systemIdentifier,
  type WorldServer,
  write,
} from './servers'
import type { World } from './world'

/** What the agents of the world do. Each asks what is so and acts on the difference, as the real ones do; refusals are theirs too. */
type Place = { world: World; server: WorldServer }
// The request was parsed by the operation's own schema; each operation reads what that schema has.
type Request = Readonly<Record<string, unknown>>
type Operation = (place: Place, request: Request) => unknown

const refuse = (server: WorldServer, why: string): Terminal => new Terminal(`agent ${server.id}`, why)

function expectSystem(server: WorldServer, request: Request): void {
  const expected = request.expectSystemIdentifier ?? request.systemIdentifier
  if (expected !== undefined && expected !== systemIdentifier) throw refuse(server, `not system ${expected}`)
}

const controlOf = (server: WorldServer) => ({
  state: server.up ? 'in production' : 'shut down',
  checkpointLsn: lsnOf(server.checkpoint),
  redoLsn: lsnOf(server.checkpoint),
  timeline: server.timeline,
})

/** Has another server gone on with the history of this one? Then it can only rejoin. */
function successorOf({ world, server }: Place): WorldServer | undefined {
  return [...world.servers.values()].find((each) => each !== server && each.forks.length > server.forks.length)
}

function follows(request: Request): NonNullable<WorldServer['follows']> {
  return { host: String(request.host), port: Number(request.port), slot: String(request.slot) }
}

const fence: Operation = ({ world, server }, request) => {
  expectSystem(server, request)
  const was = server.up
  world.effect(`fence:${server.id}`, () => {
    const changed = server.up || !server.signal
    stopCleanly(server, world.followersOf(server))
    server.signal = true
    server.fence = { reason: 'run', runId: String(request.runId), at: new Date().toISOString() }
    return changed
  })
  return {
    stopped: !server.up,
    standbySignal: server.signal,
    how: was ? 'fast' : 'already',
    control: controlOf(server),
  }
}

const unfence: Operation = (place, request) => {
  const { world, server } = place
  expectSystem(server, request)
  const successor = successorOf(place)
  if (successor) throw refuse(server, `${successor.id} has become the writer; this server can only rejoin as a standby`)
  if (server.role !== 'primary') throw refuse(server, 'this server was not a primary; promote it instead')
  world.effect(`unfence:${server.id}`, () => {
    const changed = !isWritable(server) || server.signal
    Object.assign(server, { signal: false, fence: null, follows: null, up: true })
    return changed
  })
  return observeServer(world, server)
}

const promoteOperation: Operation = ({ world, server }, request) => {
  expectSystem(server, request)
  if (!server.up) throw refuse(server, 'PostgreSQL does not answer; nothing was promoted')
  if (server.replay?.mode === 'held')
    throw refuse(server, 'replay is held; a promotion would apply everything received')
  if (server.replayPaused && !server.replay) throw refuse(server, 'replay is paused on this server; resume it first')
  const already = server.role === 'primary'
  if (already && server.forks.length === 0) throw refuse(server, 'this server is a primary that was never promoted')
  world.effect(`promote:${server.id}`, () => {
    if (already) return false
    world.expectPromotable(server)
    promote(server)
    return true
  })
  return { timeline: server.timeline, forkLsn: lsnOf(server.forks.at(-1)?.at ?? server.position), already }
}

const follow: Operation = ({ world, server }, request) => {
  expectSystem(server, request)
  if (!server.signal || isWritable(server))
    throw refuse(server, 'this server is not read-only; fence it before it follows another')
  const wanted = follows(request)
  world.effect(`follow:${server.id}`, () => {
    const changed = JSON.stringify(server.follows) !== JSON.stringify(wanted)
    Object.assign(server, { follows: wanted, fence: null, role: 'standby' })
    world.upstreamOf(server)?.slots.add(wanted.slot)
    return changed
  })
  const upstream = world.upstreamOf(server)
  return { following: server.up && upstream?.up === true && forkLimit(server, upstream) !== null }
}

const detach: Operation = ({ world, server }) => {
  world.effect(`detach:${server.id}`, () => {
    const changed = server.follows !== null
    Object.assign(server, { follows: null, inFlight: server.received })
    return changed
  })
  return { receivedLsn: server.up && server.role === 'standby' ? lsnOf(server.received) : null }
}

const stop: Operation = ({ world, server }) => {
  world.effect(`stop:${server.id}`, () => {
    const changed = server.up
    stopCleanly(server, world.followersOf(server))
    return changed
  })
  return { stopped: !server.up }
}

/** Never makes a writable server by itself: a primary without its signal gets one here. */
const start: Operation = ({ world, server }) => {
  world.effect(`start:${server.id}`, () => {
    if (server.up) return false
    Object.assign(server, { up: true, signal: true, role: 'standby' })
    return true
  })
  return observeServer(world, server)
}

/** What this server alone has, beyond where the other left it. */
function aloneBytes(server: WorldServer, upstream: WorldServer): number {
  const limit = forkLimit(server, upstream)
  return limit === null || limit === Number.POSITIVE_INFINITY ? 0 : Math.max(0, server.position - limit)
}

const replaceBy =
  (verb: 'rewind' | 'baseCopy'): Operation =>
  ({ world, server }, request) => {
    const wanted = follows(request)
    const was = server.follows
    if (isWritable(server)) throw refuse(server, 'this server is not read-only; fence it first')
    if (was && server.up && server.role === 'standby' && JSON.stringify(was) === JSON.stringify(wanted)) {
      const upstream = world.upstreamOf(server)
      if (upstream && upstream.forks.length === server.forks.length) return observeServer(world, server)
    }
    if (verb === 'rewind' && server.up)
      throw refuse(server, 'PostgreSQL is running; fence or stop it before it is rewound')
    world.effect(`${verb}:${server.id}`, () => {
      server.follows = wanted
      const upstream = world.upstreamOf(server)
      if (!upstream || !isWritable(upstream)) {
        server.follows = was
        throw refuse(server, `${wanted.host} does not answer as a primary; nothing was changed`)
      }
      if (aloneBytes(server, upstream) > 0 && !server.divergenceRead)
        world.breaks(`${server.id} was overwritten before what it alone had was read`)
      becomeCopy(server, upstream)
      upstream.slots.add(wanted.slot)
      return true
    })
    return observeServer(world, server)
  }

const assertWriter: Operation = (place, request) => {
  const { world, server } = place
  expectSystem(server, request)
  const isMe = request.writerServerId === server.id
  const before = isWritable(server)
  world.effect(`assertWriter:${server.id}`, () => {
    if (isMe && server.fence?.reason === 'boot-guard' && server.timeline === request.timeline && !successorOf(place)) {
      Object.assign(server, { role: 'primary', signal: false, fence: null, up: true })
    } else if (!isMe && isWritable(server)) {
      stopCleanly(server, world.followersOf(server))
      Object.assign(server, {
        signal: true,
        fence: { reason: 'superseded', runId: null, at: new Date().toISOString() },
      })
    }
    return isWritable(server) !== before
  })
  return { role: server.up ? server.role : null, changed: isWritable(server) !== before }
}

const divergence: Operation = ({ server }, request) => {
  const fork = Number.parseInt(String(request.forkLsn).split('/')[1] ?? '0', 16)
  server.divergenceRead = true
  const bytes = Math.max(0, server.position - fork)
  const rows = bytes > 0 ? [{ table: 'public.links', inserted: Math.ceil(bytes / 0x28), updated: 0, deleted: 0 }] : []
  return {
    endLsn: lsnOf(Math.max(fork, server.position)),
    bytes,
    transactions: rows[0]?.inserted ?? 0,
    lastCommitAt: bytes > 0 ? new Date().toISOString() : null,
    tables: rows,
    complete: true,
  }
}

/** As many rows as the divergence counts. */
const strandedRows: Operation = ({ server }, request) => {
  const fork = Number.parseInt(String(request.forkLsn).split('/')[1] ?? '0', 16)
  const rows = Math.ceil(Math.max(0, server.position - fork) / 0x28)
  server.divergenceRead = true
  return {
    rows: Array.from({ length: rows }, (_, seq) => ({
      ...{ table: 'public.links', seq, op: 'insert' },
      row: { id: String(seq), code: `alone-${seq}` },
    })),
    next: null,
    tables: rows > 0 ? [{ table: 'public.links', key: ['id'], rows, deleted: 0, cut: false }] : [],
  }
}

/** Asked again it says the same and changes nothing, as the marks beside the data have it. */
const mergeRows: Operation = ({ world, server }, request) => {
  expectSystem(server, request)
  if (!isWritable(server) || server.fence)
    throw refuse(server, 'this server is not a running primary; nothing was inserted')
  const rows = Array.isArray(request.rows) ? request.rows : []
  world.effect(`merge:${server.id}`, () => {
    const before = server.merged.size
    for (const { seq } of rows) server.merged.add(`${request.table} ${seq}`)
    return server.merged.size > before
  })
  return {
    outcomes: rows.map(({ seq }) => ({ seq, outcome: 'inserted', note: null, waitsForAnother: false })),
  }
}

const dropSlot: Operation = ({ world, server }, request) => {
  if (isWritable(server)) throw refuse(server, 'this server is a primary; its slots are in use')
  const slot = String(request.slot)
  const dropped = server.slots.has(slot)
  world.effect(`dropSlot:${server.id}`, () => server.slots.delete(slot))
  return { dropped }
}

/** Nothing that anyone would miss changes; the marker is a record like another. */
const checkpoint: Operation = ({ world, server }, request) => {
  expectSystem(server, request)
  if (!isWritable(server)) throw refuse(server, 'this server is not a running primary; no checkpoint was made')
  world.effect(`checkpoint:${server.id}`, () => {
    server.checkpoint = server.position
    write(server)
    return false
  })
  return { checkpointLsn: lsnOf(server.checkpoint), markerLsn: lsnOf(server.position) }
}

function inHand(server: WorldServer, request: Request): void {
  if (!server.up || server.role !== 'standby') throw refuse(server, 'this server is a primary; only a standby replays')
  if (server.replay && server.replay.runId !== request.runId) throw refuse(server, 'replay is held for another run')
}

const momentBefore = (instant: string): string => new Date(Date.parse(instant) - 50).toISOString()

const holdReplay: Operation = ({ world, server }, request) => {
  expectSystem(server, request)
  inHand(server, request)
  world.effect(`hold:${server.id}`, () => {
    if (server.replay) return false
    server.replay = { mode: 'held', runId: String(request.runId), targetTime: null }
    server.replayPaused = true
    return true
  })
  return { held: true, replayedLsn: lsnOf(server.position), appliedUpTo: null }
}

const rollForward: Operation = ({ world, server }, request) => {
  expectSystem(server, request)
  inHand(server, request)
  const targetTime = String(request.targetTime)
  world.effect(`roll-forward:${server.id}`, () => {
    const changed = server.replay?.targetTime !== targetTime
    server.replay = { mode: 'target', runId: String(request.runId), targetTime }
    server.replayPaused = true
    return changed
  })
  return { reached: true, replayedLsn: lsnOf(server.position), appliedUpTo: momentBefore(targetTime) }
}

const resumeReplay: Operation = ({ world, server }, request) => {
  expectSystem(server, request)
  inHand(server, request)
  world.effect(`resume:${server.id}`, () => {
    const changed = server.replay !== null
    Object.assign(server, { replay: null, replayPaused: false })
    return changed
  })
  return { resumed: true }
}

export const operations: Partial<Record<AgentOperation, Operation>> = {
  checkpoint,
  fence,
  unfence,
  promote: promoteOperation,
  follow,
  dropSlot,
  detach,
  stop,
  start,
  rewind: replaceBy('rewind'),
  baseCopy: replaceBy('baseCopy'),
  assertWriter,
  holdReplay,
  rollForward,
  resumeReplay,
  divergence,
  strandedRows,
  mergeRows,
}

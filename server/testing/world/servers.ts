/** Database servers in memory, with positions in WAL that move: enough of PostgreSQL for a handover to be right or wrong. */
export type Fork = { timeline: number; at: number }

export type WorldServer = {
  id: string
  region: string
  hostId: string
  /** PostgreSQL runs and answers. */
  up: boolean
  /** Its agent answers; nothing on a host without power does. */
  agentUp: boolean
  /** What it is when it runs; a stopped primary is one that would come up writable, but for its signal. */
  role: 'primary' | 'standby'
  /** `standby.signal`: whatever starts it, it comes up read-only. */
  signal: boolean
  fence: { reason: 'run' | 'boot-guard' | 'self-fence' | 'superseded'; runId: string | null; at: string } | null
  timeline: number
  /** Where each later timeline left the one before: the same list on two servers is the same history. */
  forks: readonly Fork[]
  /** End of what it has: written on a primary, replayed on a standby. */
  position: number
  /** Received and not yet replayed; at least the position. */
  received: number
  /** What its upstream had sent when it was last looked at. */
  inFlight: number
  follows: { host: string; port: number; slot: string } | null
  slots: Set<string>
  replayPaused: boolean
  /** A run holds replay where it is, or had it stop at a moment. */
  replay: { mode: 'held' | 'target'; runId: string; targetTime: string | null } | null
  clean: boolean
  checkpoint: number
  generation: number
  /** What it alone has was read from its WAL, so that a rewind destroys nothing unseen. */
  divergenceRead: boolean
  /** Kept rows that a merge put in, by table and number. */
  merged: Set<string>
}

export const systemIdentifier = '7001'
/** Positions of the facts in `server/testing/facts.ts` lie around here. */
export const origin = 0x3000100
/** A shutdown checkpoint is a record like another: its end lies past its beginning, and only past its end has a standby all of it. */
const checkpointBytes = 0x78
const writeBytes = 0x28

export const lsnOf = (position: number): string => `0/${position.toString(16).toUpperCase()}`

export function makeServer(region: string, over: Partial<WorldServer> = {}): WorldServer {
  return {
    id: `db-${region}`,
    region,
    hostId: `host-${region}`,
    up: true,
    agentUp: true,
    role: 'standby',
    signal: true,
    fence: null,
    timeline: 1,
    forks: [],
    position: origin,
    received: origin,
    inFlight: origin,
    follows: null,
    slots: new Set(),
    replayPaused: false,
    replay: null,
    clean: true,
    checkpoint: origin,
    generation: 0,
    divergenceRead: false,
    merged: new Set(),
    ...over,
  }
}

export const isWritable = (server: WorldServer): boolean => server.up && server.role === 'primary'

/** Would it take writes as soon as something starts it? */
export const couldWrite = (server: WorldServer): boolean => server.role === 'primary' && !server.signal

export function write(server: WorldServer, bytes = writeBytes): void {
  server.position += bytes
  server.received = server.position
}

/** How far `server` may go and still be on the history of `upstream`; null when their histories have parted. */
export function forkLimit(server: WorldServer, upstream: WorldServer): number | null {
  const shared = server.forks.every((fork, index) => {
    const other = upstream.forks[index]
    return other !== undefined && other.timeline === fork.timeline && other.at === fork.at
  })
  if (!shared) return null
  return upstream.forks[server.forks.length]?.at ?? Number.POSITIVE_INFINITY
}

/** One moment of streaming: replay what was received, receive what was sent, and take note of what the upstream has now. */
export function stream(server: WorldServer, upstream: WorldServer | null): void {
  if (!server.up || server.role !== 'standby') return
  if (!server.replayPaused) server.position = server.received
  server.received = Math.max(server.received, server.inFlight)
  if (!upstream?.up || server.follows === null) return
  const limit = forkLimit(server, upstream)
  if (limit === null || server.received > limit) return
  server.inFlight = Math.max(server.inFlight, upstream.position)
  server.timeline = upstream.timeline
  server.forks = upstream.forks
}

/** A fast stop writes its checkpoint and sends everything to whoever streams before it ends. */
export function stopCleanly(server: WorldServer, followers: readonly WorldServer[]): void {
  if (!server.up) return
  if (server.role === 'primary') {
    server.checkpoint = server.position
    write(server, checkpointBytes)
    for (const each of followers) stream(each, server)
  }
  server.up = false
  server.clean = true
}

/** Opens a timeline of its own, from where it has come. */
export function promote(server: WorldServer): number {
  // Rolled forward to a moment it goes no further; otherwise everything received is applied first.
  const at = server.replay ? server.position : server.received
  Object.assign(server, { position: at, received: at, replay: null, replayPaused: false })
  server.timeline += 1
  server.forks = [...server.forks, { timeline: server.timeline, at }]
  Object.assign(server, { role: 'primary', signal: false, fence: null, follows: null, slots: new Set() })
  write(server, checkpointBytes)
  return at
}

/** Becomes a follower with the history of another: what only it had is gone from here on. */
export function becomeCopy(server: WorldServer, upstream: WorldServer): void {
  Object.assign(server, {
    role: 'standby',
    signal: true,
    fence: null,
    timeline: upstream.timeline,
    forks: upstream.forks,
    position: upstream.position,
    received: upstream.position,
    inFlight: upstream.position,
    divergenceRead: false,
    clean: true,
    up: true,
  })
}

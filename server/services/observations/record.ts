import { emitEvent } from '@/server/db/events'
import { type Tx, withTransaction } from '@/server/db/tx'
import type { Observation } from '@/server/domain/observation'
import type { Context } from '@/server/services/context'
import { upsertObservations } from './upsert'

/** A server's WAL position at an instant, with its lag when the primary was seen at about the same time. */
export type WalSighting = {
  service: string
  serverId: string
  role: 'primary' | 'standby'
  timeline: number
  lsn: string
  /** Newest heartbeat that the server had. */
  heartbeatAt: string | null
  lagBytes: number | null
  lagMs: number | null
  observedAt: string
}

export type ObservationBatch = { observations: Observation[]; positions: WalSighting[] }

/** A worker's clock and the control database's may differ by this much and are left alone: the way there takes time too. */
const toleratedSkewMs = 2_000

/**
 * Writes what was seen: the latest observation of each (service, kind, subject, vantage), a sample for each probe, and the WAL positions,
 * all or nothing. An observation older than the one that is there changes nothing. Services whose picture changed are announced.
 * @param sentAtMs what the sender's clock says now. Where it is off, instants are put on the control database's clock: a look dated an hour ahead would
 *   otherwise stand against every true one for that hour
 */
export async function recordObservations(
  ctx: Pick<Context, 'db'>,
  seen: ObservationBatch,
  sentAtMs?: number,
): Promise<void> {
  await withTransaction(ctx.db, async (tx) => {
    const skewMs = sentAtMs === undefined ? 0 : (await readClock(tx)) - sentAtMs
    const batch = Math.abs(skewMs) > toleratedSkewMs ? shifted(seen, skewMs) : seen
    const changed = new Set<string>()
    for (const wave of distinctKeys(batch.observations)) {
      for (const service of await upsertObservations(tx, wave)) changed.add(service)
    }
    const samples = batch.observations.flatMap(toSample)
    if (samples.length > 0) await tx.probeSample.createMany({ data: samples })
    if (batch.positions.length > 0) await tx.walPosition.createMany({ data: batch.positions.map(toPosition) })
    for (const service of changed)
      await emitEvent(tx, { kind: 'service.changed', serviceId: service, runId: null, data: {} })
  })
}

async function readClock(tx: Tx): Promise<number> {
  const [row] = await tx.$queryRaw<
    { ms: number }[]
  >`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`
  if (!row) throw new Error('The control database did not say what time it is')
  return row.ms
}

/** Heartbeats are left: they are dated by the primary's host. */
function shifted({ observations, positions }: ObservationBatch, byMs: number): ObservationBatch {
  const move = (at: string): string => new Date(Date.parse(at) + byMs).toISOString()
  return {
    observations: observations.map((each) => ({ ...each, observedAt: move(each.observedAt) })),
    positions: positions.map((each) => ({ ...each, observedAt: move(each.observedAt) })),
  }
}

/** One statement cannot write the same row twice: repeated looks at one subject (buffered while the database was away) follow in order. */
function distinctKeys(observations: readonly Observation[]): Observation[][] {
  const waves: { keys: Set<string>; items: Observation[] }[] = []
  for (const each of observations) {
    const key = JSON.stringify([each.service, each.kind, each.subject, each.vantage])
    let wave = waves.find((candidate) => !candidate.keys.has(key))
    if (!wave) {
      wave = { keys: new Set(), items: [] }
      waves.push(wave)
    }
    wave.keys.add(key)
    wave.items.push(each)
  }
  return waves.map((wave) => wave.items)
}

function toSample(each: Observation) {
  if (each.kind !== 'endpoint' && each.kind !== 'public') return []
  const facts = each.facts
  const probe = facts !== null && 'latencyMs' in facts && 'address' in facts ? facts : null
  return [
    {
      serviceId: each.service,
      kind: each.kind,
      subject: each.subject,
      vantage: each.vantage,
      ok: each.ok,
      latencyMs: probe?.latencyMs ?? 0,
      failure: each.failure,
      address: probe?.address ?? null,
      observedAt: new Date(each.observedAt),
    },
  ]
}

function toPosition(each: WalSighting) {
  return {
    serviceId: each.service,
    serverId: each.serverId,
    role: each.role,
    timeline: each.timeline,
    lsn: each.lsn,
    heartbeatAt: each.heartbeatAt === null ? null : new Date(each.heartbeatAt),
    lagBytes: each.lagBytes,
    lagMs: each.lagMs,
    observedAt: new Date(each.observedAt),
  }
}

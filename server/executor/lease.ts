import { type Tx, withTransaction } from '@/server/db/tx'
import { type ExecutorDeps, fromControl, LeaseLost } from './types'

export type Lease = { serviceId: string; runId: string; holder: string; generation: number }

/**
 * Takes the service's lease for a run: when nobody holds it, or its holder has let it run out. Each taking raises the generation, also by the
 * same worker: what an earlier taker left in flight is then older at every target. Time is the control database's own, so that no worker's clock matters.
 * @returns null when another worker leads
 */
export async function takeLease(deps: ExecutorDeps, serviceId: string, runId: string): Promise<Lease | null> {
  const holder = deps.worker.id
  const rows = await deps.db.$queryRaw<{ generation: bigint }[]>`
    UPDATE service_lease
       SET generation = generation + 1, holder = ${holder}, run_id = ${runId},
           expires_at = clock_timestamp() + make_interval(secs => ${deps.leaseMs / 1000}::double precision)
     WHERE service_id = ${serviceId}
       AND (holder IS NULL OR expires_at IS NULL OR expires_at < clock_timestamp())
    RETURNING generation`
  const taken = rows[0]
  return taken ? { serviceId, runId, holder, generation: Number(taken.generation) } : null
}

/** Prolongs a lease that is still ours. @throws LeaseLost when it is not */
export async function renewLease(deps: ExecutorDeps, lease: Lease): Promise<void> {
  const renewed = await deps.db.$executeRaw`
    UPDATE service_lease
       SET expires_at = clock_timestamp() + make_interval(secs => ${deps.leaseMs / 1000}::double precision)
     WHERE service_id = ${lease.serviceId} AND holder = ${lease.holder} AND generation = ${lease.generation}
       AND expires_at > clock_timestamp()`
  if (renewed === 0) throw new LeaseLost(`Generation ${lease.generation} of ${lease.serviceId} is no longer ours`)
}

/** Gives the lease back; the generation stays, so that it can only grow. */
export async function releaseLease(deps: ExecutorDeps, lease: Lease): Promise<void> {
  await deps.db.$executeRaw`
    UPDATE service_lease SET holder = NULL, run_id = NULL, expires_at = NULL
     WHERE service_id = ${lease.serviceId} AND holder = ${lease.holder} AND generation = ${lease.generation}`
}

/**
 * Runs a write of the journal under the lease: the row is locked first, so that a taker waits for this write or this write sees the taker.
 * @throws LeaseLost, and nothing is written
 */
export async function underLease<T>(
  deps: ExecutorDeps,
  lease: Lease,
  what: string,
  write: (tx: Tx) => Promise<T>,
): Promise<T> {
  const transaction = withTransaction(deps.db, async (tx) => {
    const held = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM service_lease
       WHERE service_id = ${lease.serviceId} AND holder = ${lease.holder} AND generation = ${lease.generation}
         AND expires_at > clock_timestamp()
         FOR UPDATE`
    if (held.length === 0) throw new LeaseLost(`Generation ${lease.generation} of ${lease.serviceId} is no longer ours`)
    return write(tx)
  })
  const result = await fromControl(transaction)
  await deps.afterWrite?.(what)
  return result
}

/** Renews in the background at a third of the lease; `signal` aborts as soon as it is known to be lost, or when it can no longer be known. */
export function keepLease(deps: ExecutorDeps, lease: Lease): { signal: AbortSignal; stop(): void } {
  const lost = new AbortController()
  let stopped = false
  let provenUntil = performance.now() + deps.leaseMs
  const beat = async (): Promise<void> => {
    while (!stopped) {
      await deps.clock.sleep(deps.leaseMs / 3, lost.signal).catch(() => undefined)
      if (stopped) return
      const asked = performance.now()
      try {
        await renewLease(deps, lease)
        provenUntil = asked + deps.leaseMs
      } catch (error) {
        // The control database may be away for a moment: until our own time has run out the lease is still ours.
        if (error instanceof LeaseLost) lost.abort(error)
      }
    }
  }
  // A renewal may hang as long as a dead connection does; the time that was proved runs out all the same.
  const watchdog = setInterval(() => {
    if (performance.now() > provenUntil) lost.abort(new LeaseLost('The lease ran out before it could be renewed'))
  }, deps.leaseMs / 10)
  watchdog.unref()
  void beat()
  return {
    signal: lost.signal,
    stop: () => {
      stopped = true
      clearInterval(watchdog)
      lost.abort(new Error('The run has ended'))
    },
  }
}

import { executeRun } from '@/server/executor/run'
import { consumeRuns, type RunConsumer } from '@/server/jobs/consume'
import { recordAnomaly } from '@/server/services/anomalies/record'
import { endCommitWindows } from '@/server/services/commit-window/end-due'
import type { IncidentContext } from '@/server/services/incidents/move'
import { findWaitingRuns } from '@/server/services/leases/find-waiting-runs'
import { handBackLeases } from '@/server/services/leases/hand-back'
import { beat } from '@/server/services/observations/heartbeat'
import { recordObservations } from '@/server/services/observations/record'
import { deleteOldSeries } from '@/server/services/observations/retention'
import { listWatchedServices } from '@/server/services/observations/watched-services'
import { expireRuns } from '@/server/services/runs/expire'
import { recordSamples } from '@/server/services/series/record-samples'
import { clearStaleSwitch } from '@/server/services/writer/clear-stale-switch'
import type { WorkerWiring } from '@/server/wiring-worker'
import { startAlerts } from './alerts'
import { startAnchors } from './anchors'
import { startAutomatic } from './automatic'
import { createRecorder } from './collectors/recorder'
import { startSampler } from './collectors/sampler'
import { startDetection } from './detection'
import { createFollowUp } from './follow-up'
import { type Loop, messageOf, startLoop } from './loop'
import { offsetOf, startReconciler } from './reconciler'
import { createRunRegistry, type RunRegistry } from './run-registry'
import { startSeries } from './series'
import { startWatching, type Watcher } from './watch'
import { sayWriterWord } from './writer-word'

/** A dead worker's run goes on elsewhere after this. Three renewals fit in, so that one slow answer of the control database loses no lease. */
const leaseMs = 4_000
/** What a run may still get done when the worker is told to stop; then its lease is handed back. */
const drainMs = 1_500
/** For the control database to take a lease back: each second without it is one that nobody leads the run. */
const handBackMs = 2_000
const closeMs = 300
/** A region that returns is seldom noticed by its users sooner than that. */
const staleSwitchEveryMs = 2_000
const retentionEveryMs = 3_600_000
/** A window is hours long: nobody waits for its end by the second. */
const commitWindowsEveryMs = 10_000

export type RunningWorker = { stop(): Promise<void> }

/** Starts everything that a worker does. Each part goes on when another, or what it talks to, is away. */
export function startWorker(wiring: WorkerWiring): RunningWorker {
  const { clock, env, log, watchDb, runDb } = wiring
  const actor = { type: 'worker' as const, id: env.LIFEBOAT_WORKER_ID, vantage: env.LIFEBOAT_VANTAGE }
  const watching: IncidentContext = { clock, actor, db: watchDb }
  const leading: IncidentContext = { clock, actor, db: runDb }

  const recorder = createRecorder({
    write: (batch) => recordObservations(watching, batch, watching.clock.now()),
    // What was just seen is judged at once: detection's time is part of every outage.
    onProbed: (services) => detection.look(services),
    log,
  })
  const sampler = startSampler({ write: (samples) => recordSamples(watching, samples), clock, log })
  const watcher = startWatching({
    list: () => listWatchedServices(watching),
    connect: (service) => wiring.connect(service.config),
    recorder,
    sampler,
    onBulkChange: (seen) => {
      recordAnomaly(watching, seen).then(
        (isNew) => isNew && log.warn({ ...seen }, 'rows are being changed in bulk'),
        (error: unknown) => log.warn({ error: messageOf(error) }, 'a change in bulk could not be written down'),
      )
    },
    vantage: actor.vantage,
    clock,
    log,
  })
  const detection = startDetection(watching, watcher, log, (service, confirmed) => automatic.look(service, confirmed))

  const registry = createRunRegistry((runId) => executeRun(runId, executorDeps(wiring, actor, watcher)), log)
  const consumer = consumeRuns(env.LIFEBOAT_REDIS_URL, registry.execute, (message, detail) => log.warn(detail, message))
  const reconciler = startReconciler({
    workerId: actor.id,
    findWaitingRuns: () => findWaitingRuns(leading),
    expireRuns: () => expireRuns(leading),
    registry,
    clock,
    log,
  })
  const automatic = startAutomatic({
    ctx: { ...leading, grants: [], describeStep: wiring.describeStep, enqueueRun: () => Promise.resolve() },
    workerId: actor.id,
    watcher,
    execute: registry.execute,
    offsetMs: offsetOf(actor.id),
    log,
  })
  const alerts = startAlerts({
    ctx: { ...watching, grants: [], describeStep: wiring.describeStep, enqueueRun: () => Promise.resolve() },
    watcher,
    offsetMs: offsetOf(actor.id),
    log,
  })
  const duties = [detection, automatic, alerts, ...startDuties(wiring, watching, watcher, registry, consumer)]
  log.info({ vantage: actor.vantage }, 'worker started')
  return {
    async stop() {
      const quiet = [consumer.close(), reconciler.stop(), watcher.stop(), ...duties.map((duty) => duty.stop())]
      const written = Promise.all(quiet).then(() => Promise.all([recorder.close(), sampler.stop()]))
      await Promise.all([registry.drain(drainMs), atMost(written, drainMs)])
      // Last, since what is still running here goes on until the process ends, and must not for long beside the next holder. Also when nothing
      // runs: a lease that could not be given back while the control database was away is still in our name.
      await atMost(handBackLeases(leading, actor.id), handBackMs)
      await atMost(Promise.all([watcher.close(), wiring.close()]), closeMs)
    },
  }
}

function executorDeps(
  wiring: WorkerWiring,
  worker: { type: 'worker'; id: string; vantage: string },
  watcher: Watcher,
): Parameters<typeof executeRun>[1] {
  const { catalog, clock, connect, log, runDb } = wiring
  return {
    db: runDb,
    clock,
    worker,
    catalog,
    leaseMs,
    // The connections that are open already answer sooner; a service that is not watched yet gets its own.
    connect: (config) => watcher.find(config.id)?.managed ?? connect(config),
    log,
  }
}

/** Waits for work, but not for long: what is not done by then is left, and a failure is nobody's business any more. */
async function atMost(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([
    work.then(
      () => undefined,
      () => undefined,
    ),
    timeout,
  ])
  clearTimeout(timer)
}

/** What each worker does beside leading runs and looking. */
function startDuties(
  wiring: WorkerWiring,
  ctx: IncidentContext,
  watcher: Watcher,
  registry: RunRegistry,
  consumer: RunConsumer,
): Loop[] {
  const { clock, env, log } = wiring
  const offsetMs = offsetOf(env.LIFEBOAT_WORKER_ID)
  const startedAt = new Date(clock.now()).toISOString()
  const identity = { id: env.LIFEBOAT_WORKER_ID, vantage: env.LIFEBOAT_VANTAGE, startedAt }
  const refusals = new Map<string, string>()
  const followUp = createFollowUp(ctx, log)
  const forEach = async (work: (watched: ReturnType<Watcher['all']>[number]) => Promise<void>): Promise<void> => {
    await Promise.all(watcher.all().map(work))
  }
  const every = (name: string, intervalMs: number, round: (signal: AbortSignal) => Promise<void>): Loop =>
    startLoop({ name, intervalMs, offsetMs: offsetMs % intervalMs, round, clock, log })
  return [
    every('heartbeat', 1_000, () =>
      beat(ctx, identity, { pid: process.pid, redis: consumer.connected(), runs: registry.active() }),
    ),
    every('writer word', 1_000, () =>
      forEach(({ service, managed }) =>
        sayWriterWord({ ctx, vantage: identity.vantage, log, refusals }, service, managed),
      ),
    ),
    every('stale switch', staleSwitchEveryMs, () =>
      forEach(async ({ service, managed }) => {
        const regions = await clearStaleSwitch(ctx, service, managed.trafficSwitch)
        if (regions.length > 0)
          log.warn({ service: service.id, regions }, 'took away the switch that a returned region had')
      }),
    ),
    every('follow-up', 1_000, () => forEach(({ service, managed }) => followUp(service, managed))),
    every('commit windows', commitWindowsEveryMs, async () => {
      const ended = await endCommitWindows(ctx)
      if (ended > 0) log.info({ ended }, 'commit windows ended')
    }),
    every('retention', retentionEveryMs, async (signal) => {
      const deleted = await deleteOldSeries(ctx, () => !signal.aborted)
      if (deleted > 0) log.info({ deleted }, 'deleted old samples')
    }),
    startAnchors(ctx, wiring.anchorStores, offsetMs, log),
    startSeries(ctx, offsetMs, log),
  ]
}

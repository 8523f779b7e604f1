import { isStale } from '@/server/domain/observation'
import type { ManagedService } from '@/server/ports/managed'
import type { Context } from '@/server/services/context'
import type { WatchedService } from '@/server/services/observations/watched-services'
import { recordFirstWriter } from '@/server/services/writer/record-first-writer'
import { type WriterWord, withoutRun, wordOfRun } from '@/server/services/writer/without-run'
import { type Log, messageOf } from './loop'

/** A run that starts at this moment waits for the word at most this long. */
const sayMs = 250

export type WriterWordDeps = {
  ctx: Pick<Context, 'db' | 'clock' | 'actor'>
  vantage: string
  log: Log
  /** The last refusal of each agent: said again each second, it is logged once. */
  refusals: Map<string, string>
}

/**
 * Tells every agent that answered lately who the writer is, unless a run is at work. This is what lets a guarded server that boots learn that it is still
 * the writer, and one that was superseded that it is not. Two workers may both say it: it is the same word.
 */
export async function sayWriterWord(
  deps: WriterWordDeps,
  service: WatchedService,
  managed: ManagedService,
): Promise<void> {
  if (service.writer.serverId === null) {
    const recorded = await recordFirstWriter(deps.ctx, service)
    if (recorded) deps.log.info({ service: service.id, serverId: recorded }, 'recorded the first writer')
    return
  }
  const listening = await serversThatAnswer(deps, service)
  if (listening.length === 0) return
  const sayTo = async (servers: readonly string[], word: WriterWord): Promise<void> => {
    await Promise.all(
      servers.map((serverId) => {
        const saying = managed.agent(serverId).call('assertWriter', word)
        return inTime(saying).then(
          () => deps.refusals.delete(serverId),
          (error: unknown) => noteRefusal(deps, serverId, messageOf(error)),
        )
      }),
    )
  }
  if (await withoutRun(deps.ctx, service, (word) => sayTo(listening, word))) return
  const word = await wordOfRun(deps.ctx, service)
  // The others are in the run's own hands.
  if (word)
    await sayTo(
      listening.filter((serverId) => serverId === word.writerServerId),
      word,
    )
}

/** Servers whose agent answered this vantage point at the last look: asking a silent one would only hold up a run. */
async function serversThatAnswer(deps: WriterWordDeps, service: WatchedService): Promise<string[]> {
  const rows = await deps.ctx.db.observation.findMany({
    where: { serviceId: service.id, kind: 'agent', vantage: deps.vantage, ok: true },
    select: { subject: true, observedAt: true, intervalMs: true },
  })
  const now = deps.ctx.clock.now()
  return rows
    .filter((row) => !isStale({ observedAt: row.observedAt.toISOString(), intervalMs: row.intervalMs }, now))
    .map((row) => row.subject)
}

function noteRefusal({ log, refusals }: WriterWordDeps, serverId: string, error: string): void {
  if (refusals.get(serverId) === error) return
  refusals.set(serverId, error)
  log.warn({ serverId, error }, 'an agent did not take the word on who the writer is')
}

/** What comes after the time is up is not waited for: starting a server takes longer, and the next word finds it started. */
async function inTime(saying: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  saying.catch(() => undefined)
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, sayMs)
  })
  try {
    await Promise.race([saying, timeout])
  } finally {
    clearTimeout(timer)
  }
}

import type { DnsRecord } from '@/server/ports/managed'
import { regionOfAnswers } from './dns'
import { type AnyLook, defineLook, timeoutBelow } from './look'
import { slowIntervalMs, type WatchTarget } from './watch-target'

const timeoutMs = 3_000
/** Records change by runs and by hand, seldom: which health check belongs to which region is read again this often. */
const recordsForMs = 30_000

/**
 * The health check behind each region's answer, as the authority judges it. The subject is the region. Not ok only when it cannot be read: an
 * unhealthy check is a fact.
 */
export function healthCheckLooks({ service, managed, vantage }: WatchTarget, nowMs: () => number): AnyLook[] {
  const { dns, regions } = service.config
  const intervalMs = slowIntervalMs(service)
  let records: { at: number; list: Promise<DnsRecord[]> } | null = null
  const readRecords = (): Promise<DnsRecord[]> => {
    if (records && nowMs() - records.at < recordsForMs) return records.list
    const list = managed.authority.listRecords(dns.zoneId, dns.name)
    records = { at: nowMs(), list }
    list.catch(() => {
      records = null
    })
    return list
  }
  return regions.map((region) =>
    defineLook(service.id, vantage, {
      kind: 'health-check',
      subject: region.id,
      intervalMs,
      timeoutMs: timeoutBelow(intervalMs, timeoutMs),
      async ask() {
        const record = (await readRecords()).find(
          (each) => each.healthCheckId !== null && regionOfAnswers(service.config, each.values) === region.id,
        )
        if (!record?.healthCheckId) return { ok: true, failure: null, facts: { status: 'none', reports: [] } }
        const { status, reports } = await managed.authority.healthStatus(record.healthCheckId)
        return { ok: true, failure: null, facts: { status, reports } }
      },
      unanswered: () => null,
    }),
  )
}

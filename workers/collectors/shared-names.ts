import { regionOfAnswers } from './dns'
import { type AnyLook, defineLook, timeoutBelow } from './look'
import { slowIntervalMs, type WatchTarget } from './watch-target'

const resolverTimeoutMs = 1_000
const recordsTimeoutMs = 4_000
/** Route 53 allows an account five calls a second: records, which change seldom, are not read more often than this. */
const shortestRecordsMs = 5_000

/** The names that both regions serve: what each resolver answers, and the records with their weights. */
export function sharedNameLooks(target: WatchTarget): AnyLook[] {
  return target.service.config.dns.shared.flatMap(({ name }) => [
    ...resolverLooks(target, name),
    recordsLook(target, name),
  ])
}

function resolverLooks({ service, managed, vantage }: WatchTarget, name: string): AnyLook[] {
  const intervalMs = slowIntervalMs(service)
  return managed.resolvers.map((resolver) =>
    defineLook(service.id, vantage, {
      kind: 'dns',
      subject: `${name} at ${resolver.address}`,
      intervalMs,
      timeoutMs: timeoutBelow(intervalMs, resolverTimeoutMs),
      async ask() {
        const { answers, ttlSeconds } = await resolver.resolve(name)
        const sorted = [...answers].sort()
        const region = regionOfAnswers(service.config, sorted)
        const facts = {
          resolver: resolver.address,
          sharedName: name,
          answers: sorted,
          ttlSeconds,
          region,
          failure: null,
        }
        return { ok: true, failure: null, facts }
      },
      unanswered: (failure) => ({
        resolver: resolver.address,
        sharedName: name,
        answers: [],
        ttlSeconds: null,
        region: null,
        failure,
      }),
    }),
  )
}

function recordsLook({ service, managed, vantage }: WatchTarget, name: string): AnyLook {
  const intervalMs = Math.max(shortestRecordsMs, slowIntervalMs(service))
  return defineLook(service.id, vantage, {
    kind: 'records',
    subject: name,
    intervalMs,
    timeoutMs: timeoutBelow(intervalMs, recordsTimeoutMs),
    async ask() {
      const found = await managed.authority.listRecords(service.config.dns.zoneId, name)
      const records = found.flatMap(({ setIdentifier, type, values, ttlSeconds, weight, geo, healthCheckId }) =>
        type === 'A' && setIdentifier !== null
          ? [{ setIdentifier, values, ttlSeconds, weight, place: geo ?? null, healthCheckId }]
          : [],
      )
      return { ok: true, failure: null, facts: { records } }
    },
    unanswered: () => null,
  })
}

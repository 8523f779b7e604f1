import * as dns from 'dns-packet'
import { type DnsServer, isQueryType, type QueryType, queryDns } from '@/lab/dns/client'
import { rcode, respond } from '@/lab/dns/wire'

type Cached = { code: number; answers: dns.Answer[]; authorities: dns.Answer[]; storedAt: number; ttlSeconds: number }

/** One question to the authority, tried twice: a stub resolver waits about a second in the lab. */
const upstreamTimeoutMs = 400
/** An answer this young is passed on with its full time. */
const freshMs = 50
/** Oldest entries go first beyond this many. */
const largestCache = 10_000

function ttlOf(record: dns.Answer): number | undefined {
  return 'ttl' in record ? record.ttl : undefined
}

/** The same record with what is left of its time. */
function aged(record: dns.Answer, seconds: number): dns.Answer {
  if (record.type === 'OPT' || !('ttl' in record)) return record
  return { ...record, ttl: Math.max(0, (record.ttl ?? 0) - seconds) }
}

/**
 * A caching resolver as users have one. What it has, it keeps until its time is over, whatever happens at the authority;
 * that a name or type does not exist, it keeps no longer than the SOA allows; failures it does not keep.
 */
export class Resolver {
  private readonly cache = new Map<string, Cached>()
  private readonly underWay = new Map<string, Promise<Cached>>()

  constructor(
    private readonly upstream: DnsServer,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async answer(query: dns.DecodedPacket): Promise<dns.Packet> {
    const question = query.questions?.[0]
    if (!question || !isQueryType(question.type)) return respond(query, rcode.notImplemented, dns.RECURSION_AVAILABLE)
    const entry = await this.lookup(question.name.toLowerCase(), question.type)
    // Rounded against the client, so that nobody holds an answer longer than its time; a fresh answer keeps all of it.
    const age = Math.max(0, Math.ceil((this.now() - entry.storedAt - freshMs) / 1_000))
    return respond(query, entry.code, dns.RECURSION_AVAILABLE, {
      answers: entry.answers.map((record) => aged(record, age)),
      authorities: entry.authorities.map((record) => aged(record, age)),
    })
  }

  private async lookup(name: string, type: QueryType): Promise<Cached> {
    const key = `${type} ${name}`
    const cached = this.cache.get(key)
    if (cached && this.now() < cached.storedAt + cached.ttlSeconds * 1_000) return cached
    const running = this.underWay.get(key)
    if (running) return running
    const fetched = this.fetch(name, type)
      .then((entry) => this.keep(key, entry))
      .finally(() => this.underWay.delete(key))
    this.underWay.set(key, fetched)
    return fetched
  }

  private keep(key: string, entry: Cached): Cached {
    this.cache.delete(key)
    if (entry.ttlSeconds > 0) this.cache.set(key, entry)
    const oldest = this.cache.keys().next()
    if (this.cache.size > largestCache && !oldest.done) this.cache.delete(oldest.value)
    return entry
  }

  private async fetch(name: string, type: QueryType): Promise<Cached> {
    const ask = () => queryDns(this.upstream, name, type, upstreamTimeoutMs)
    const { code, packet } = await ask().catch(ask)
    const storedAt = this.now()
    const answers = packet.answers ?? []
    const authorities = packet.authorities ?? []
    if (code !== rcode.ok && code !== rcode.nameError) {
      return { code: rcode.serverFailure, answers: [], authorities: [], storedAt, ttlSeconds: 0 }
    }
    const soa = authorities.find((record) => record.type === 'SOA')
    const negative = soa?.type === 'SOA' ? Math.min(soa.ttl ?? 0, soa.data.minimum ?? 0) : 0
    const ttls = answers.map((record) => ttlOf(record) ?? 0)
    const ttlSeconds = Math.min(...ttls, ...(soa || ttls.length === 0 ? [negative] : []))
    return { code, answers, authorities, storedAt, ttlSeconds }
  }
}

import { queryDns } from '@/lab/dns/client'

type Entry = { addresses: string[]; expiresAt: number }

/** What a user's machine does: asks one resolver, and keeps the answer as long as its TTL says. Failures are not kept. */
export class StubResolver {
  private readonly cache = new Map<string, Entry>()
  private readonly server: { host: string; port: number }
  private turn = 0

  constructor(
    readonly resolver: string,
    private readonly now: () => number = () => performance.now(),
  ) {
    const [host = '', port = ''] = resolver.split(':')
    this.server = { host, port: Number(port) }
  }

  /** @throws Error when there is no address to be had within `timeoutMs` */
  async resolve(name: string, timeoutMs: number): Promise<string> {
    const cached = this.cache.get(name)
    const entry = cached && this.now() < cached.expiresAt ? cached : await this.ask(name, timeoutMs)
    this.turn += 1
    const address = entry.addresses[this.turn % Math.max(1, entry.addresses.length)]
    if (address === undefined) throw new Error(`${name} has no address`)
    return address
  }

  /** The addresses in use now, expired or not. */
  get known(): string[] {
    return [...this.cache.values()].flatMap((entry) => entry.addresses)
  }

  private async ask(name: string, timeoutMs: number): Promise<Entry> {
    const { packet } = await queryDns(this.server, name, 'A', timeoutMs)
    const found = (packet.answers ?? []).flatMap((answer) => (answer.type === 'A' ? [answer] : []))
    const ttlSeconds = Math.min(...found.map((answer) => answer.ttl ?? 0))
    const entry = { addresses: found.map((answer) => answer.data), expiresAt: this.now() + ttlSeconds * 1_000 }
    if (found.length > 0) this.cache.set(name, entry)
    return entry
  }
}

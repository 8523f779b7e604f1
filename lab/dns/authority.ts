import { isIPv4 } from 'node:net'
import * as dns from 'dns-packet'
import type { DnsConfig } from '@/lab/dns/config'
import type { HealthChecks } from '@/lab/dns/health-checks'
import { absoluteName, inZone, type Location, type RecordSet } from '@/lab/dns/model'
import { chooseRecord } from '@/lab/dns/routing'
import { rcode, respond, toAnswers } from '@/lab/dns/wire'
import type { Zone } from '@/lab/dns/zone'

/** A chain of CNAMEs longer than this is a loop. */
const longestChain = 8

export type Lookup = { code: number; sets: { record: RecordSet; owner: string }[] }

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

/** Where an address is, by the longest prefix that the configuration knows. */
export function locate(locations: DnsConfig['locations'], address: string): Location | null {
  if (!isIPv4(address)) return null
  const fitting = locations
    .map((entry) => ({ entry, bits: Number(entry.cidr.split('/')[1] ?? 32) }))
    .filter(({ entry, bits }) => {
      const size = 2 ** (32 - bits)
      return Math.floor(toNumber(entry.cidr.split('/')[0] ?? '') / size) === Math.floor(toNumber(address) / size)
    })
    .sort((a, b) => b.bits - a.bits)
  return fitting[0]?.entry ?? null
}

/** Answers for one zone from what is INSYNC, choosing between record sets by routing policy and health. */
export class Authority {
  constructor(
    private readonly zone: Zone,
    private readonly checks: HealthChecks,
    private readonly locations: DnsConfig['locations'],
    private readonly random: () => number = Math.random,
  ) {}

  /** Follows CNAMEs within the zone. `code` is REFUSED outside the zone. */
  lookup(question: string, type: string, clientAddress: string): Lookup {
    const asked = absoluteName(question)
    if (!inZone(asked, this.zone.name)) return { code: rcode.refused, sets: [] }
    const sets: Lookup['sets'] = []
    let owner = asked
    for (let links = 0; links < longestChain; links += 1) {
      const records = this.recordsFor(owner)
      if (records === null) return { code: rcode.nameError, sets }
      const chosen = this.choose(records, type, clientAddress)
      if (chosen) return { code: rcode.ok, sets: [...sets, { record: chosen, owner }] }
      const alias = this.choose(records, 'CNAME', clientAddress)
      const target = alias?.values[0]
      if (!alias || target === undefined) return { code: rcode.ok, sets }
      sets.push({ record: alias, owner })
      owner = absoluteName(target)
      if (!inZone(owner, this.zone.name)) break
    }
    return { code: rcode.ok, sets }
  }

  answer(query: dns.DecodedPacket, clientAddress: string): dns.Packet {
    const question = query.questions?.[0]
    const opcode = ((query.flags ?? 0) >> 11) & 0x0f
    if (opcode !== 0) return respond(query, rcode.notImplemented, 0)
    if (!question || query.questions?.length !== 1) return respond(query, rcode.formatError, 0)
    const found = this.lookup(question.name, question.type, this.subnetOf(query) ?? clientAddress)
    if (found.code === rcode.refused) return respond(query, rcode.refused, 0)
    const answers = found.sets.flatMap(({ record, owner }) => this.shuffled(toAnswers(record, owner)))
    const last = found.sets.at(-1)
    const complete =
      found.code === rcode.ok && last !== undefined && (last.record.type !== 'CNAME' || question.type === 'CNAME')
    return respond(query, found.code, dns.AUTHORITATIVE_ANSWER, { answers, authorities: complete ? [] : this.soa() })
  }

  /** The client's network, when a resolver says it on the client's behalf (EDNS client subnet). */
  private subnetOf(query: dns.DecodedPacket): string | undefined {
    const opt = query.additionals?.find((record) => record.type === 'OPT')
    if (opt?.type !== 'OPT') return undefined
    const subnet = opt.options?.find((option) => option.code === 8)
    return subnet && 'ip' in subnet ? subnet.ip : undefined
  }

  /** Records of a name, or of the wildcard that covers it; null when neither is there. */
  private recordsFor(name: string): RecordSet[] | null {
    const own = this.zone.served(name)
    if (own.length > 0 || this.zone.exists(name)) return own
    const labels = name.split('.')
    for (let from = 1; from < labels.length - 1; from += 1) {
      const parent = labels.slice(from).join('.')
      const wild = this.zone.served(`*.${parent}`)
      if (wild.length > 0) return wild
      if (this.zone.exists(parent)) return null
    }
    return null
  }

  private choose(records: RecordSet[], type: string, clientAddress: string): RecordSet | null {
    return chooseRecord(
      records.filter((record) => record.type === type),
      {
        isHealthy: (id) => this.checks.isHealthy(id),
        location: locate(this.locations, clientAddress),
        random: this.random,
      },
    )
  }

  private soa(): dns.Answer[] {
    return this.zone
      .served(this.zone.name)
      .filter((record) => record.type === 'SOA')
      .flatMap((record) => toAnswers(record, record.name))
  }

  /** Route 53 gives the values of a record in no fixed order. */
  private shuffled(answers: dns.Answer[]): dns.Answer[] {
    return answers
      .map((value) => ({ value, key: this.random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ value }) => value)
  }
}

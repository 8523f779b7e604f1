import * as dns from 'dns-packet'
import type { RecordSet } from '@/lab/dns/model'

/** Response codes as they stand in the low bits of the flags. */
export const rcode = { ok: 0, formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5 } as const

/** Response code of a decoded packet; the library's types leave it out. */
export function responseCode(message: Buffer): number {
  return message.length >= 4 ? message.readUInt8(3) & 0x0f : rcode.formatError
}

/** What a client that announces nothing can take over UDP. */
const plainUdpBytes = 512

/** A response to `query`, with its id, question and (if it had one) an OPT record of ours. */
export function respond(
  query: dns.DecodedPacket,
  code: number,
  flags: number,
  sections: { answers?: dns.Answer[]; authorities?: dns.Answer[] } = {},
): dns.Packet {
  const asked = query.additionals?.some((record) => record.type === 'OPT')
  const opt: dns.OptAnswer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  }
  return {
    type: 'response',
    id: query.id ?? 0,
    flags: flags | code | (query.flag_rd ? dns.RECURSION_DESIRED : 0),
    questions: query.questions ?? [],
    answers: sections.answers ?? [],
    authorities: sections.authorities ?? [],
    additionals: asked ? [opt] : [],
  }
}

/** Encodes for UDP: what does not fit is left out and marked as truncated, so that the client asks again over TCP. */
export function encodeForUdp(query: dns.DecodedPacket, response: dns.Packet): Buffer {
  const opt = query.additionals?.find((record) => record.type === 'OPT')
  const announced = opt?.type === 'OPT' ? opt.udpPayloadSize : plainUdpBytes
  const limit = Math.min(Math.max(announced, plainUdpBytes), 1232)
  const full = dns.encode(response)
  if (full.length <= limit) return full
  const flags = (response.flags ?? 0) | dns.TRUNCATED_RESPONSE
  return dns.encode({ ...response, flags, answers: [], authorities: [] })
}

/** A record set's values as resource records. */
export function toAnswers(record: RecordSet, owner: string): dns.Answer[] {
  // The wire form of a name has no final dot here.
  const base = { name: owner.replace(/\.$/, '') || '.', ttl: record.ttlSeconds, class: 'IN' as const }
  return record.values.map((value) => answer(record.type, base, value))
}

function answer(type: RecordSet['type'], base: { name: string; ttl: number; class: 'IN' }, value: string): dns.Answer {
  const words = value.split(/\s+/)
  const word = (index: number) => (words[index] ?? '').replace(/\.$/, '')
  const int = (index: number) => Number.parseInt(words[index] ?? '0', 10)
  switch (type) {
    case 'A':
    case 'AAAA':
      return { ...base, type, data: value }
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return { ...base, type, data: word(0) }
    case 'MX':
      return { ...base, type, data: { preference: int(0), exchange: word(1) } }
    case 'SRV':
      return { ...base, type, data: { priority: int(0), weight: int(1), port: int(2), target: word(3) } }
    case 'CAA': {
      const kind = word(1)
      const tag = kind === 'issuewild' || kind === 'iodef' ? kind : 'issue'
      return { ...base, type, data: { flags: int(0), tag, value: word(2).replace(/^"|"$/g, '') } }
    }
    case 'TXT':
      return { ...base, type, data: [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '') }
    case 'SOA':
      return {
        ...base,
        type,
        data: {
          mname: word(0),
          rname: word(1),
          serial: int(2),
          refresh: int(3),
          retry: int(4),
          expire: int(5),
          minimum: int(6),
        },
      }
  }
}

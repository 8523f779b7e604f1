import { formatBytes, formatSeconds, plain } from '@/components/format/number'
import type { Health } from '@/server/queries/dto/common'
import type { ServiceView } from '@/server/queries/dto/service'
import { roleText } from './role-text'

/** The parts of a service and what flows between them: one model for the diagram and for its table twin. */
export type Part = {
  id: string
  title: string
  lines: string[]
  health: Health
  word: string
  /** Index of its region; null for what stands outside both. */
  region: number | null
  x: number
  y: number
}
export type Flow = { id: string; from: string; to: string; label: string; health: Health; what: string }
export type Topology = { parts: Part[]; flows: Flow[]; regionNames: string[] }

export const partWidth = 236
export const partHeight = 78
const columnGap = 150
const rowGap = 52

/** As many rows as the region with the most servers needs. */
export function diagramHeight({ parts }: Topology): number {
  return Math.max(0, ...parts.map((part) => part.y)) + partHeight + rowGap
}

export function topologyOf(service: ServiceView): Topology {
  const columns = service.regions.map((_, index) => index * (partWidth + columnGap))
  const middle = (partWidth + columnGap) / 2
  const parts: Part[] = [
    {
      id: 'dns',
      title: service.dns.name,
      lines: [`${service.dns.type} record, TTL ${service.dns.ttlSeconds} s`],
      health: worst(service.dns.answers.map((answer) => answer.health)),
      word: 'DNS',
      region: null,
      x: middle,
      y: 0,
    },
  ]
  const flows: Flow[] = []
  service.regions.forEach((region, index) => {
    const x = columns[index] ?? 0
    const workload = `workload-${region.id}`
    const { ready, desired, target } = region.workload
    parts.push({
      id: workload,
      title: `Instances in ${region.name}`,
      lines: [`${ready ?? '?'} of ${desired ?? '?'} ready, ${target} wanted`, `Redis ${region.cache.health}`],
      health: region.workload.health,
      word: region.workload.health,
      region: index,
      x,
      y: partHeight + rowGap,
    })
    if (region.receivesTraffic) {
      flows.push({
        id: `dns-${workload}`,
        from: 'dns',
        to: workload,
        label: 'traffic',
        health: region.health,
        what: 'Users are sent here',
      })
    }
    region.servers.forEach((server, row) => {
      parts.push({
        id: server.id,
        title: server.id,
        lines: [roleText(server), server.detail],
        health: server.health,
        word: server.role ?? 'unknown',
        region: index,
        x,
        y: (partHeight + rowGap) * (2 + row),
      })
      if (server.delayed?.from) flows.push(delayedFlow(server.delayed.from, server))
    })
    const writer = region.servers.find((server) => server.id === service.writer.serverId) ?? region.servers[0]
    if (writer && region.role === 'primary') {
      flows.push({
        id: `${workload}-${writer.id}`,
        from: workload,
        to: writer.id,
        label: 'writes',
        health: writer.health,
        what: 'Instances write here',
      })
    }
  })
  const { from, to } = service.replication
  if (from && to) flows.push({ id: 'replication', from, to, ...replicationFlow(service) })
  return { parts, flows, regionNames: service.regions.map((region) => region.name) }
}

function replicationFlow({ replication }: ServiceView): Pick<Flow, 'label' | 'health' | 'what'> {
  const { state, health, lagSeconds, lagBytes } = replication
  const lag = lagSeconds.value === null ? 'lag ?' : `lag ${plain(formatSeconds(lagSeconds.value))}`
  return {
    label: state === 'streaming' ? lag : state,
    health,
    what: `Replication ${state}, ${lag}, ${lagBytes.value === null ? 'WAL ?' : `${plain(formatBytes(lagBytes.value))} of WAL`} behind`,
  }
}

function delayedFlow(from: string, { id, health, detail }: ServiceView['regions'][number]['servers'][number]): Flow {
  return { id: `${from}-${id}`, from, to: id, label: 'held behind', health, what: `${id}, fed by ${from}: ${detail}` }
}

/** The worst of several, where what is unknown outranks what is fine. */
export function worst(healths: readonly Health[]): Health {
  const order: Health[] = ['down', 'degraded', 'unknown', 'stale', 'paused']
  return order.find((each) => healths.includes(each)) ?? (healths.length ? 'ok' : 'unknown')
}

import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { delayedRegion, hostAddress, links, ports, regions } from '@/lab/addressing'
import { LabProblem, type LabSettings } from '@/lab/settings'

export interface WantedAddress {
  host: string
  port: number
  what: string
  /** DNS needs the port over UDP too. */
  udp: boolean
  /** The setting that moves it. */
  setting: string
}

/** Every address that a lab listens on. */
export function wantedAddresses(settings: LabSettings, withConsole: boolean): WantedAddress[] {
  const at = (host: string, port: number, what: string, udp = false): WantedAddress => ({
    host,
    port,
    what,
    udp,
    setting: 'LIFEBOAT_LAB_NET',
  })
  const outside = hostAddress(settings.net, 'outside', 'outside')
  const outsidePorts = ['platform', 'network', 'route53', 'traffic'] as const
  const dnsPorts = ['dns', 'resolverA', 'resolverB'] as const
  const inRegion = regions.flatMap((region) => [
    at(hostAddress(settings.net, region, 'database'), ports.postgres, `PostgreSQL of ${region}`),
    at(hostAddress(settings.net, region, 'database'), ports.agent, `host agent of ${region}`),
    at(hostAddress(settings.net, region, 'endpoint'), ports.endpoint, `endpoint of ${region}`),
    at(hostAddress(settings.net, region, 'cluster'), ports.cluster, `cluster of ${region}`),
    at(hostAddress(settings.net, region, 'cache'), ports.redis, `Redis of ${region}`),
    at(hostAddress(settings.net, region, 'store'), ports.store, `object store of ${region}`),
  ])
  const late = hostAddress(settings.net, delayedRegion, 'delayed')
  const delayed = [
    at(late, ports.postgres, 'the delayed standby'),
    at(late, ports.agent, 'host agent of the delayed standby'),
  ]
  const page = at(settings.consoleHost, settings.consolePort, 'console')
  return [
    ...(withConsole ? [{ ...page, setting: 'LIFEBOAT_PORT' }] : []),
    at(outside, ports.postgres, 'control database'),
    at(outside, ports.redis, 'control Redis'),
    ...outsidePorts.map((name) => at(outside, ports[name], name)),
    ...dnsPorts.map((name) => at(outside, ports[name], name, true)),
    ...inRegion,
    ...(settings.delayed ? delayed : []),
    ...links(settings.net).map((link) => at(link.listen, link.port, `link ${link.viewer} to ${link.zone}`)),
  ]
}

const tcpIsFree = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })

const udpIsFree = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind(port, host, () => socket.close(() => resolve(true)))
  })

/** @throws LabProblem that names each taken address and the setting that moves it */
export async function checkPorts(wanted: WantedAddress[]): Promise<void> {
  const looked = await Promise.all(
    wanted.map(async (one) => {
      const free = (await tcpIsFree(one.host, one.port)) && (!one.udp || (await udpIsFree(one.host, one.port)))
      return { one, free }
    }),
  )
  const taken = looked.filter(({ free }) => !free).map(({ one }) => one)
  const first = taken[0]
  if (first === undefined) return
  const lines = taken.slice(0, 5).map(({ host, port, what }) => `  ${host}:${port} (${what})`)
  if (taken.length > lines.length) lines.push(`  and ${taken.length - lines.length} more`)
  const advice =
    first.setting === 'LIFEBOAT_PORT'
      ? `Set LIFEBOAT_PORT to a free port: LIFEBOAT_PORT=${first.port + 1} npm start`
      : 'Set LIFEBOAT_LAB_NET to another number from 1 to 254 (the lab uses 127.<number>.x.y): LIFEBOAT_LAB_NET=43 npm start'
  throw new LabProblem(
    `Another program has taken what the lab needs; nothing was started.\n${lines.join('\n')}\n${advice}`,
  )
}

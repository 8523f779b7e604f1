import { regions } from '@/lab/addressing'
import type { InspectedHost } from '@/lab/client'
import type { DatabaseStatus, LabStatus } from '@/lab/status'
import { table } from '@/lab/text'

function processesText(host: InspectedHost): string {
  const frozen = host.processes.filter((one) => one.frozen).length
  return frozen === 0 ? String(host.processes.length) : `${host.processes.length}, ${frozen} of them frozen`
}

function databaseText(one: DatabaseStatus): string[] {
  const writes = one.acceptsWrites === null ? 'writes unknown' : one.acceptsWrites ? 'writable' : 'read-only'
  const fence = one.fence === null ? '' : `fenced: ${one.fence.reason}`
  const timeline = one.timeline === null ? '' : `timeline ${one.timeline}`
  const known = [one.role, one.state, writes, timeline, one.position ?? '', fence]
  return [one.serverId, `${one.host}:${one.port}`, ...(one.failure === null ? known : ['?', one.failure])]
}

function regionText(status: LabStatus, region: string): string {
  const hosts = status.hosts.filter((host) => host.region === region)
  const rows = hosts.map((host) => [`  ${host.hostId}`, host.state, processesText(host)])
  return `${region}\n${table([['  host', 'power', 'processes'], ...rows])}`
}

function faultsText({ faults, links }: LabStatus): string {
  if (faults.length === 0) return `Links     all ${links} open`
  const pairs = new Map<string, number>()
  for (const link of faults) {
    const what = `${link.viewer} → ${link.zone}: ${link.mode}${link.mode === 'slow' ? ` ${link.delayMs} ms` : ''}`
    pairs.set(what, (pairs.get(what) ?? 0) + 1)
  }
  return `Links     ${[...pairs].map(([what, count]) => `${what} (${count})`).join('; ')}`
}

/** The status for people. */
export function statusText(status: LabStatus): string {
  const outside = status.outside.map((one) => [
    `  ${one.name}`,
    one.alive ? 'up' : 'DOWN',
    String(one.pid),
    one.restarts === 0 ? '' : `${one.restarts} restarts`,
    one.address ?? '',
  ])
  const answers = status.name.answers.map(
    (one) => `${one.resolver} → ${one.failure === null ? one.addresses.join(', ') : one.failure}`,
  )
  return [
    `Console   ${status.consoleUrl ?? 'none'}`,
    `Name      ${status.name.name}: ${answers.join('; ')}`,
    faultsText(status),
    '',
    table([['database', 'address', 'role', 'state', '', '', 'position', ''], ...status.databases.map(databaseText)]),
    '',
    ...regions.map((region) => regionText(status, region)),
    `outside\n${table([['  process', '', 'pid', '', 'address'], ...outside])}`,
  ].join('\n')
}

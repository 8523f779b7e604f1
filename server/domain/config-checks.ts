import type { LifeboatConfig, ServiceConfig } from './service-config'
import { evacuationIssues, sharedNameIssues } from './shared-names'

/** What a schema of single fields cannot see. `path` leads to the value at fault. */
export type ConfigIssue = { path: (string | number)[]; message: string }

/** Rules between the fields of a configuration; empty when they hold. */
export function configIssues(config: LifeboatConfig): ConfigIssue[] {
  return [
    ...repeated(config.services.map((service) => service.id)).map(({ index, value }) => ({
      path: ['services', index, 'id'],
      message: `${value} is there twice`,
    })),
    ...config.services.flatMap((service, index) =>
      serviceIssues(service).map((issue) => ({ ...issue, path: ['services', index, ...issue.path] })),
    ),
  ]
}

function serviceIssues(service: ServiceConfig): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  const { regions, dns, probes } = service
  const ids = regions.map((region) => region.id)
  for (const { index, value } of repeated(ids)) {
    issues.push({ path: ['regions', index, 'id'], message: `${value} is there twice` })
  }
  if (regions.filter((region) => region.initialRole === 'primary').length !== 1) {
    issues.push({ path: ['regions'], message: 'exactly one region begins as the primary' })
  }
  const servers = regions.flatMap((region, at) => region.servers.map((server, n) => ({ id: server.id, at, n })))
  for (const { index, value } of repeated(servers.map((server) => server.id))) {
    const found = servers[index]
    if (found)
      issues.push({ path: ['regions', found.at, 'servers', found.n, 'id'], message: `${value} is there twice` })
  }
  issues.push(...delayIssues(service))
  if (probes.quorum > probes.vantagePoints.length) {
    issues.push({
      path: ['probes', 'quorum'],
      message: `${probes.quorum} vantage points must agree, but there are ${probes.vantagePoints.length}`,
    })
  }
  const { quorum } = service.policies.automatic
  if (service.mode === 'automatic' && quorum > probes.vantagePoints.length) {
    issues.push({
      path: ['policies', 'automatic', 'quorum'],
      message: `${quorum} vantage points must agree before anything is done by itself, but there are ${probes.vantagePoints.length}`,
    })
  }
  if (probes.timeoutMs > probes.intervalMs) {
    issues.push({ path: ['probes', 'timeoutMs'], message: 'a probe must end before the next one begins' })
  }
  issues.push(
    ...sharedNameIssues(dns.shared, ids, dns.name).map((each) => ({ ...each, path: ['dns', 'shared', ...each.path] })),
    ...evacuationIssues(service.evacuation).map((each) => ({ ...each, path: ['evacuation', ...each.path] })),
  )
  if (dns.redirect.method === 'health-switch') issues.push(...storeIssues(ids, Object.keys(dns.redirect.stores)))
  return issues
}

/** A delayed server is not somewhere to fail over to: each region needs another one. */
function delayIssues({ regions }: ServiceConfig): ConfigIssue[] {
  return regions.flatMap((region, at) => [
    ...(region.servers.some((server) => server.role === 'candidate')
      ? []
      : [{ path: ['regions', at, 'servers'], message: 'at least one server must be a candidate' }]),
    ...region.servers.flatMap((server, n) => {
      const path = ['regions', at, 'servers', n, 'delaySeconds']
      if (server.role === 'delayed' && server.delaySeconds === undefined) {
        return [{ path, message: `${server.id} is delayed: say by how much` }]
      }
      if (server.role === 'candidate' && server.delaySeconds !== undefined) {
        return [{ path, message: `${server.id} is a candidate, which is never held back` }]
      }
      return []
    }),
  ])
}

function storeIssues(regions: string[], stores: string[]): ConfigIssue[] {
  const path = ['dns', 'redirect', 'stores']
  return [
    ...regions
      .filter((id) => !stores.includes(id))
      .map((id) => ({ path, message: `${id} has no store for its traffic switch` })),
    ...stores
      .filter((id) => !regions.includes(id))
      .map((id) => ({ path: [...path, id], message: `${id} is not a region of this service` })),
  ]
}

function repeated(values: readonly string[]): { index: number; value: string }[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [{ index, value }] : []))
}

/** Keys that were written but that nothing reads: a misspelt policy must not count as a default. */
export function unknownKeys(written: unknown, read: unknown, path: (string | number)[] = []): ConfigIssue[] {
  if (Array.isArray(written) && Array.isArray(read)) {
    return written.flatMap((each, index) => unknownKeys(each, read[index], [...path, index]))
  }
  if (!isObject(written) || !isObject(read)) return []
  return Object.entries(written).flatMap(([key, value]) =>
    key in read ? unknownKeys(value, read[key], [...path, key]) : [{ path: [...path, key], message: 'is not known' }],
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

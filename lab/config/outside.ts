import { join } from 'node:path'
import type { z } from 'zod'
import { hostAddress, ports, type Region, regions } from '@/lab/addressing'
import * as names from '@/lab/config/names'
import { RegionConfiguration } from '@/lab/config/region'
import { endpointCheckId, sharedNames } from '@/lab/config/shared-names'
import type { dnsConfig } from '@/lab/dns/config'
import type { NetworkConfig } from '@/lab/network/config'
import type { LabPaths } from '@/lab/paths'
import type { HostConfig, PlatformConfig, ProcessConfig } from '@/lab/platform/config'
import { nodeDirectory } from '@/lab/programs'
import { secretValue } from '@/lab/secrets'
import type { LabSettings } from '@/lab/settings'
import type { trafficConfig } from '@/lab/traffic/config'

const outsideAddress = (settings: LabSettings) => hostAddress(settings.net, 'outside', 'outside')

/** Health check of one region: red as soon as the switch object is in the *other* region's store. */
const switchCheckId = (region: Region) => `switch-${region}`

export function dnsConfiguration(settings: LabSettings, paths: LabPaths): z.input<typeof dnsConfig> {
  const record = (region: Region, failover: 'PRIMARY' | 'SECONDARY') => ({
    name: names.publicName,
    type: 'A' as const,
    ttlSeconds: names.ttlSeconds,
    values: [hostAddress(settings.net, region, 'endpoint')],
    setIdentifier: region,
    failover,
    healthCheckId: switchCheckId(region),
  })
  return {
    net: settings.net,
    zone: names.zone,
    zoneId: names.zoneId,
    listen: {
      host: outsideAddress(settings),
      dnsPort: ports.dns,
      resolverAPort: ports.resolverA,
      resolverBPort: ports.resolverB,
      route53Port: ports.route53,
    },
    resolverSource: resolverPlaces(settings).addresses,
    locations: resolverPlaces(settings).locations,
    records: [record('us-east', 'PRIMARY'), record('us-west', 'SECONDARY'), ...sharedRecords(settings)],
    healthChecks: [
      ...regions.map((region) => ({
        id: switchCheckId(region),
        type: 'HTTP' as const,
        ipAddress: hostAddress(settings.net, names.otherRegion(region), 'store'),
        port: ports.store,
        resourcePath: `/${names.switchBucket}/${names.switchKey}`,
        // Two: one lost check while the switch is set must not turn traffic back.
        failureThreshold: 2,
        inverted: true,
      })),
      ...regions.map((region) => endpointCheck(settings, region)),
    ],
    accessKeyId: secretValue(paths, 'route53-access-key-id'),
    secretAccessKeyFile: paths.secret('route53-secret-access-key'),
    stateFile: join(paths.outside, 'dns', 'dns.json'),
  }
}

/** Records of the names that both regions serve; each answer goes with its region's health check. */
function sharedRecords(settings: LabSettings) {
  return sharedNames.flatMap(({ name, ttlSeconds, records }) =>
    records.map((record) => ({
      name,
      type: 'A' as const,
      ttlSeconds,
      values: [hostAddress(settings.net, record.region, 'endpoint')],
      setIdentifier: record.setIdentifier,
      healthCheckId: endpointCheckId(record.region),
      ...('weight' in record
        ? { weight: record.weight }
        : { geoLocation: 'continent' in record ? { continentCode: record.continent } : { countryCode: '*' } }),
    })),
  )
}

const endpointCheck = (settings: LabSettings, region: Region) => ({
  id: endpointCheckId(region),
  type: 'HTTP' as const,
  ipAddress: hostAddress(settings.net, region, 'endpoint'),
  port: ports.endpoint,
  resourcePath: '/health',
  failureThreshold: 2,
})

/** Resolver a asks as if from North America, b from Europe: what geolocation records see of it. */
function resolverPlaces(settings: LabSettings) {
  const addresses = { a: `127.${settings.net}.0.2`, b: `127.${settings.net}.0.3` }
  return {
    addresses,
    locations: [
      { cidr: `${addresses.a}/32`, continentCode: 'NA', countryCode: 'US' },
      { cidr: `${addresses.b}/32`, continentCode: 'EU', countryCode: 'DE' },
    ],
  }
}

export function networkConfiguration(settings: LabSettings, paths: LabPaths): NetworkConfig {
  return {
    net: settings.net,
    listen: { host: outsideAddress(settings), port: ports.network },
    tokenFile: paths.secret('lab-token'),
    stateFile: join(paths.outside, 'network', 'faults.json'),
  }
}

export function trafficConfiguration(settings: LabSettings, paths: LabPaths): z.input<typeof trafficConfig> {
  const outside = outsideAddress(settings)
  return {
    listen: { host: outside, port: ports.traffic },
    tokenFile: paths.secret('lab-token'),
    name: names.publicName,
    port: ports.endpoint,
    resolvers: [`${outside}:${ports.resolverA}`, `${outside}:${ports.resolverB}`],
    createsPerSecond: settings.createsPerSecond,
    followsPerSecond: settings.followsPerSecond,
    // A lab that is kept quiet has no users to spare.
    shared: settings.createsPerSecond >= 10 ? { name: names.weightedName, share: 0.1 } : null,
    ledgerFile: join(paths.traffic, 'ledger.ndjson'),
  }
}

export interface Programs {
  redis: string
  /** PostgreSQL's server programs. */
  binDirectory: string
}

/** Nothing of the person's own environment enters a machine. */
const machineEnvironment = { PATH: `${nodeDirectory}:/usr/local/bin:/usr/bin:/bin`, TZ: 'UTC', LC_ALL: 'C.UTF-8' }

export function platformConfiguration(settings: LabSettings, paths: LabPaths, programs: Programs): PlatformConfig {
  const node = (hostId: string, name: string): ProcessConfig => ({
    name,
    program: process.execPath,
    args: [paths.script(name), paths.config(`${hostId}-${name}`)],
    environment: machineEnvironment,
    logFile: paths.log(`${hostId}-${name}`),
  })
  const host = (region: Region, kind: names.HostKind): HostConfig => {
    const hostId = names.hostId(region, kind)
    const common = { hostId, region, directory: paths.machine(hostId) }
    if (kind === 'db' || kind === 'delayed') {
      const dataDirectory = new RegionConfiguration(settings, paths, region).dataDirectory(kind)
      return { ...common, processes: [node(hostId, 'agent')], grey: { process: 'agent', dataDirectory } }
    }
    if (kind === 'app') return { ...common, processes: [node(hostId, 'cluster'), node(hostId, 'endpoint')] }
    if (kind === 'store') return { ...common, processes: [node(hostId, 'store')] }
    const redis = { name: 'redis', program: programs.redis, args: [join(paths.configs, `${hostId}-redis.conf`)] }
    return {
      ...common,
      processes: [{ ...redis, environment: machineEnvironment, logFile: paths.log(`${hostId}-redis`) }],
    }
  }
  return {
    listen: { host: outsideAddress(settings), port: ports.platform },
    tokenFile: paths.secret('platform-token'),
    labTokenFile: paths.secret('lab-token'),
    stateFile: join(paths.outside, 'platform', 'platform.json'),
    hosts: regions.flatMap((region) => names.hostKinds(region, settings.delayed).map((kind) => host(region, kind))),
  }
}

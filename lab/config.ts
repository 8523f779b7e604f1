import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { z } from 'zod'
import { agentConfig } from '@/agent/config'
import { hostAddress, hostsFile, regions, viewers } from '@/lab/addressing'
import { clusterConfig } from '@/lab/cluster/config'
import * as names from '@/lab/config/names'
import {
  dnsConfiguration,
  networkConfiguration,
  type Programs,
  platformConfiguration,
  trafficConfiguration,
} from '@/lab/config/outside'
import { RegionConfiguration, redisConfiguration } from '@/lab/config/region'
import { serviceConfiguration } from '@/lab/config/service'
import { postgresUser } from '@/lab/data-root'
import { dnsConfig } from '@/lab/dns/config'
import { endpointConfig } from '@/lab/endpoint/config'
import { networkConfig } from '@/lab/network/config'
import type { LabPaths } from '@/lab/paths'
import { platformConfig } from '@/lab/platform/config'
import { ensureSecrets, secretValue } from '@/lab/secrets'
import type { LabSettings } from '@/lab/settings'
import { storeConfig } from '@/lab/store/config'
import { trafficConfig } from '@/lab/traffic/config'
import type { LifeboatConfig } from '@/server/domain/service-config'

/** Directories of what is outside: each process works in one of its own, which is how a later start finds it. */
export const outsideNames = [
  'control-redis',
  'network',
  'dns',
  'platform',
  'console',
  'worker-a',
  'worker-b',
  'traffic',
] as const

/** Makes the directories, so that PostgreSQL's user can pass through where it has to and nobody else sees secrets. */
export function prepareDirectories(settings: LabSettings, paths: LabPaths): void {
  const open = [paths.state, paths.lab, paths.data, paths.machines, paths.control]
  for (const directory of [...open, paths.logs, paths.build, paths.hosts, paths.outside, paths.traffic]) {
    mkdirSync(directory, { recursive: true })
  }
  for (const directory of open) chmodSync(directory, 0o755)
  mkdirSync(paths.configs, { recursive: true, mode: 0o700 })
  for (const name of outsideNames) mkdirSync(join(paths.outside, name), { recursive: true })
  for (const region of regions) {
    for (const kind of names.hostKinds(region, settings.delayed)) {
      mkdirSync(paths.machine(names.hostId(region, kind)), { recursive: true })
      if (kind !== 'db' && kind !== 'delayed') continue
      const postgres = new RegionConfiguration(settings, paths, region).postgresDirectory(kind)
      mkdirSync(postgres, { recursive: true, mode: 0o700 })
      giveToPostgres(postgres)
    }
  }
  if (paths.data !== paths.lab && !existsSync(paths.machinesLink)) symlinkSync(paths.machines, paths.machinesLink)
}

export function giveToPostgres(path: string): void {
  const user = postgresUser()
  if (user !== null) chownSync(path, user.uid, user.gid)
}

/** Writes what each process reads, validated by the process's own schema. @returns the service as Lifeboat is told */
export function writeConfiguration(settings: LabSettings, paths: LabPaths, programs: Programs): LifeboatConfig {
  prepareDirectories(settings, paths)
  ensureSecrets(paths)
  const write = <T extends z.ZodType>(name: string, schema: T, content: z.input<T>) =>
    writePrivate(paths.config(name), `${JSON.stringify(schema.parse(content), null, 2)}\n`)

  for (const viewer of viewers) {
    writeFileSync(paths.hostsFile(viewer), `${JSON.stringify(hostsFile(settings.net, viewer), null, 2)}\n`)
  }
  for (const region of regions) {
    const configuration = new RegionConfiguration(settings, paths, region)
    const id = (kind: names.HostKind) => names.hostId(region, kind)
    write(`${id('db')}-agent`, agentConfig, configuration.agent(programs.binDirectory))
    if (names.hostKinds(region, settings.delayed).includes('delayed')) {
      write(`${id('delayed')}-agent`, agentConfig, configuration.delayedAgent(programs.binDirectory))
    }
    write(`${id('app')}-cluster`, clusterConfig, configuration.cluster())
    write(`${id('app')}-endpoint`, endpointConfig, configuration.endpoint())
    write(`${id('store')}-store`, storeConfig, configuration.store())
    writePrivate(join(paths.configs, `${id('cache')}-redis.conf`), configuration.cache())
  }
  write('dns', dnsConfig, dnsConfiguration(settings, paths))
  write('network', networkConfig, networkConfiguration(settings, paths))
  write('traffic', trafficConfig, trafficConfiguration(settings, paths))
  write('platform', platformConfig, platformConfiguration(settings, paths, programs))
  writePrivate(join(paths.configs, 'control-redis.conf'), controlRedis(settings, paths))
  const service = serviceConfiguration(settings, paths)
  writeFileSync(paths.serviceFile, stringify(service, { lineWidth: 0 }))
  return service
}

function controlRedis(settings: LabSettings, paths: LabPaths): string {
  return redisConfiguration({
    host: hostAddress(settings.net, 'outside', 'outside'),
    password: secretValue(paths, 'control-redis-password'),
    directory: join(paths.outside, 'control-redis'),
    appendOnly: true,
  })
}

function writePrivate(path: string, content: string): void {
  rmSync(path, { force: true })
  writeFileSync(path, content, { mode: 0o600 })
}

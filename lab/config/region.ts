import { join } from 'node:path'
import type { z } from 'zod'
import type { AgentConfigInput } from '@/agent/config'
import { hostAddress, hostName, ports, type Region } from '@/lab/addressing'
import type { clusterConfig } from '@/lab/cluster/config'
import * as names from '@/lab/config/names'
import { postgresUser } from '@/lab/data-root'
import type { endpointConfig } from '@/lab/endpoint/config'
import type { LabPaths } from '@/lab/paths'
import { type SecretName, secretValue } from '@/lab/secrets'
import type { LabSettings } from '@/lab/settings'
import type { storeConfig } from '@/lab/store/config'

/** Everything that is told to the processes of one region. */
export class RegionConfiguration {
  constructor(
    private readonly settings: LabSettings,
    private readonly paths: LabPaths,
    private readonly region: Region,
  ) {}

  private address(role: 'endpoint' | 'database' | 'cluster' | 'cache' | 'store' | 'delayed'): string {
    return hostAddress(this.settings.net, this.region, role)
  }

  private secretFile(name: SecretName): string {
    return this.paths.secret(name)
  }

  private machine(kind: names.HostKind): string {
    return this.paths.machine(names.hostId(this.region, kind))
  }

  /** Owned by PostgreSQL's user; the agent keeps copies and its password file beside the data directory in here. */
  postgresDirectory(kind: 'db' | 'delayed' = 'db'): string {
    return join(this.machine(kind), 'postgres')
  }

  dataDirectory(kind: 'db' | 'delayed' = 'db'): string {
    return join(this.postgresDirectory(kind), 'data')
  }

  /**
   * The standby that is held behind. It takes its WAL from the standby beside it, so that it goes on following whoever is promoted without being told;
   * small, since nothing reads from it.
   */
  delayedAgent(binDirectory: string): AgentConfigInput {
    const beside = this.agent(binDirectory)
    return {
      ...beside,
      serverId: names.delayedId,
      listen: { host: this.address('delayed'), port: ports.agent },
      postgres: {
        ...beside.postgres,
        host: this.address('delayed'),
        dataDirectory: this.dataDirectory('delayed'),
        settings: { ...beside.postgres.settings, shared_buffers: '16MB', autovacuum_max_workers: '1' },
      },
      stateDirectory: join(this.machine('delayed'), 'agent'),
      initialRole: 'standby',
      follow: { host: hostName(this.region, 'database'), port: ports.postgres, slot: names.delayedSlot },
      applyDelayMs: names.delaySeconds * 1000,
    }
  }

  agent(binDirectory: string): AgentConfigInput {
    const upstream = names.otherRegion(this.region)
    const isFirst = this.region === names.firstPrimary
    const follow = { host: hostName(upstream, 'database'), port: ports.postgres, slot: names.slotName(this.region) }
    return {
      serverId: names.databaseId(this.region),
      listen: { host: this.address('database'), port: ports.agent },
      postgres: {
        host: this.address('database'),
        port: ports.postgres,
        binDirectory,
        dataDirectory: this.dataDirectory(),
        osUser: postgresUser()?.name ?? null,
        superuser: 'postgres',
        superuserPasswordFile: this.secretFile('database-superuser-password'),
        replicationUser: names.replicationUser,
        replicationPasswordFile: this.secretFile('database-replication-password'),
        monitorUser: names.monitorUser,
        monitorPasswordFile: this.secretFile('database-monitor-password'),
        databaseName: names.databaseName,
        // Ten instances here and five over there, a writer and a reader pool each, besides those who watch.
        settings: { max_connections: '200' },
        hostsFile: this.paths.hostsFile(this.region),
      },
      tokenFile: this.secretFile('agent-token'),
      stateDirectory: join(this.machine('db'), 'agent'),
      initialRole: isFirst ? 'primary' : 'standby',
      ...(isFirst ? {} : { follow }),
      selfFenceAfterMs: names.selfFenceMs,
    }
  }

  cluster(): z.input<typeof clusterConfig> {
    const isFirst = this.region === names.firstPrimary
    return {
      listen: { host: this.address('cluster'), port: ports.cluster },
      region: this.region,
      tokenFile: this.secretFile('cluster-token'),
      namespace: names.namespace,
      deployment: {
        name: names.deployment,
        replicas: isFirst ? this.settings.primaryInstances : this.settings.standbyInstances,
        environment: this.shortenerEnvironment(),
      },
      instanceScript: this.paths.script('shortener'),
      podNetwork: { prefix: this.address('cluster').split('.').slice(0, 3).join('.') },
      backendsFile: join(this.machine('app'), 'backends.json'),
      stateFile: join(this.machine('app'), 'cluster.json'),
    }
  }

  private shortenerEnvironment(): Record<string, string> {
    return {
      DATABASE_HOST: hostName(names.firstPrimary, 'database'),
      DATABASE_PORT: String(ports.postgres),
      READER_HOST: hostName(this.region, 'database'),
      READER_PORT: String(ports.postgres),
      DATABASE_NAME: names.databaseName,
      DATABASE_USER: names.shortenerUser,
      DATABASE_PASSWORD_FILE: this.secretFile('database-shortener-password'),
      CACHE_HOST: hostName(this.region, 'cache'),
      CACHE_PORT: String(ports.redis),
      CACHE_PASSWORD_FILE: this.secretFile('cache-password'),
      REGION: this.region,
      DATACENTER_ID: this.region === 'us-east' ? '1' : '2',
      HOSTS_FILE: this.paths.hostsFile(this.region),
    }
  }

  endpoint(): z.input<typeof endpointConfig> {
    return {
      listen: { host: this.address('endpoint'), port: ports.endpoint },
      region: this.region,
      backendsFile: join(this.machine('app'), 'backends.json'),
    }
  }

  store(): z.input<typeof storeConfig> {
    return {
      listen: { host: this.address('store'), port: ports.store },
      dataDirectory: join(this.machine('store'), 'objects'),
      credentials: [
        {
          accessKeyId: secretValue(this.paths, 'store-access-key-id'),
          secretAccessKeyFile: this.secretFile('store-secret-access-key'),
        },
      ],
      buckets: [names.switchBucket, names.auditBucket],
      publicRead: [`${names.switchBucket}/switch/`],
    }
  }

  /** Text of a redis.conf; with the password in it, so for the owner's eyes only. */
  cache(): string {
    return redisConfiguration({
      host: this.address('cache'),
      password: secretValue(this.paths, 'cache-password'),
      directory: this.machine('cache'),
      appendOnly: false,
    })
  }
}

/** A queue or a cache that silently forgets keys would lie to its users: noeviction refuses instead. */
export function redisConfiguration(options: {
  host: string
  password: string
  directory: string
  appendOnly: boolean
}): string {
  return [
    `bind ${options.host}`,
    `port ${ports.redis}`,
    `requirepass ${options.password}`,
    'maxmemory 256mb',
    'maxmemory-policy noeviction',
    `appendonly ${options.appendOnly ? 'yes' : 'no'}`,
    'save ""',
    `dir "${options.directory}"`,
    'daemonize no',
    '',
  ].join('\n')
}

import { createResolver } from '@/server/adapters/dns-resolver/dns-resolver'
import { createHostAgent } from '@/server/adapters/host-agent/host-agent'
import { createHttpProbe } from '@/server/adapters/http-probe/http-probe'
import { createKubernetesWorkload } from '@/server/adapters/kubernetes/kubernetes'
import type { Names } from '@/server/adapters/names'
import { createPlatform } from '@/server/adapters/platform/platform'
import { createPostgresServer } from '@/server/adapters/postgres/postgres-server'
import { createRedisCache } from '@/server/adapters/redis/redis'
import { createRoute53 } from '@/server/adapters/route53/route53'
import { createS3Objects } from '@/server/adapters/s3-objects'
import type { Secrets } from '@/server/adapters/secrets'
import { createTrafficSwitch, type SwitchStore } from '@/server/adapters/traffic-switch/traffic-switch'
import type { RegionConfig, ServerConfig, ServiceConfig } from '@/server/domain/service-config'
import { Terminal } from '@/server/ports/errors'
import type { ManagedService, TrafficSwitch } from '@/server/ports/managed'

export type ManagedServiceOptions = {
  names: Names
  secrets: Secrets
  /** Said to every system as the caller's name, so that its log tells who asked from where. */
  vantage: string
}
export type ConnectedService = ManagedService & { close(): Promise<void> }

/**
 * Everything of one service, from one vantage point. Nothing is connected and no secret is read before it is needed: a system that is away, or a missing secret,
 * fails the call that needs it and no other. Clients are made once and closed together.
 */
export function connectManagedService(config: ServiceConfig, options: ManagedServiceOptions): ConnectedService {
  const closers: (() => void)[] = []
  const build = createBuilders(config, options, (closer) => closers.push(closer))
  const { platform } = config
  return {
    agent: memoise(build.agent),
    postgres: memoise(build.postgres),
    workload: memoise(build.workload),
    cache: memoise(build.cache),
    platform: platform
      ? createPlatform({ ...build.common, url: platform.url, token: () => options.secrets.resolve(platform.tokenRef) })
      : null,
    authority: build.authority(),
    resolvers: config.dns.resolvers.map((address) => createResolver(address, options.names)),
    trafficSwitch: build.trafficSwitch(),
    http: createHttpProbe(options.names, build.common.userAgent),
    async close() {
      for (const close of closers.splice(0)) close()
    },
  }
}

function createBuilders(config: ServiceConfig, options: ManagedServiceOptions, onClose: (closer: () => void) => void) {
  const { names, secrets } = options
  const secret = (reference: string) => () => secrets.resolve(reference)
  const common = { names, userAgent: `lifeboat/${options.vantage}` }
  return {
    common,
    agent: (serverId: string) =>
      createHostAgent({
        ...common,
        serverId,
        url: findServer(config, serverId).agentUrl,
        token: secret(config.database.agentTokenRef),
      }),
    postgres: (serverId: string) => {
      const { host, port } = findServer(config, serverId)
      const { user, name, passwordRef } = config.database
      return createPostgresServer({ serverId, host, port, user, database: name, password: secret(passwordRef), names })
    },
    workload: (region: string) => {
      const { apiUrl, tokenRef, namespace, deployment } = findRegion(config, region).workload
      const workload = createKubernetesWorkload({
        region,
        apiUrl,
        token: secret(tokenRef),
        namespace,
        deployment,
        names,
      })
      onClose(() => workload.close())
      return workload
    },
    cache: (region: string) => {
      const { cache } = findRegion(config, region)
      if (!cache) return null
      const password = cache.passwordRef === undefined ? null : secret(cache.passwordRef)
      return createRedisCache({ region, host: cache.host, port: cache.port, password, names })
    },
    authority: () => {
      const { endpoint, region, accessKeyIdRef, secretAccessKeyRef } = config.dns.route53
      const keys =
        accessKeyIdRef && secretAccessKeyRef
          ? { accessKeyId: secret(accessKeyIdRef), secretAccessKey: secret(secretAccessKeyRef) }
          : null
      const authority = createRoute53({ endpoint, region, keys, names })
      onClose(() => authority.close())
      return authority
    },
    trafficSwitch: (): TrafficSwitch | null => {
      const { redirect } = config.dns
      if (redirect.method !== 'health-switch') return null
      const storeOf = (region: string): SwitchStore => {
        const store = redirect.stores[region]
        if (!store) throw new Terminal('configuration', `No store for the traffic switch of ${region} is configured`)
        const keys = { accessKeyId: secret(store.accessKeyIdRef), secretAccessKey: secret(store.secretAccessKeyRef) }
        const { endpoint, bucket, key } = store
        const objects = createS3Objects({ endpoint, bucket, keys, names, system: `store ${region}` })
        onClose(() => objects.close())
        return { objects, key }
      }
      return createTrafficSwitch(memoise(storeOf))
    },
  }
}

function memoise<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>()
  return (key) => {
    const existing = made.get(key)
    if (existing !== undefined) return existing
    const value = make(key)
    made.set(key, value)
    return value
  }
}

function findServer(config: ServiceConfig, serverId: string): ServerConfig {
  const server = config.regions.flatMap(({ servers }) => servers).find(({ id }) => id === serverId)
  if (!server) throw new Terminal('configuration', `${config.id} has no server ${serverId}`)
  return server
}

function findRegion(config: ServiceConfig, regionId: string): RegionConfig {
  const region = config.regions.find(({ id }) => id === regionId)
  if (!region) throw new Terminal('configuration', `${config.id} has no region ${regionId}`)
  return region
}

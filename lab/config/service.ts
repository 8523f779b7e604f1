import type { z } from 'zod'
import { hostAddress, hostName, ports, type Region, regions } from '@/lab/addressing'
import * as names from '@/lab/config/names'
import { endpointCheckId, sharedNames } from '@/lab/config/shared-names'
import type { LabPaths } from '@/lab/paths'
import { type SecretName, secretReference } from '@/lab/secrets'
import type { LabSettings } from '@/lab/settings'
import { type LifeboatConfig, lifeboatConfig } from '@/server/domain/service-config'

type Input = z.input<typeof lifeboatConfig>
type RegionInput = Input['services'][number]['regions'][number]

/** Hottest links first: what a cold cache needs most. */
const hottestLinks =
  "SELECT 'link:' || l.code AS key, l.url AS value FROM links l JOIN link_hits h USING (code) ORDER BY h.hits DESC LIMIT $1"

/** Each id with the region that its row says made it. */
const newestIds = 'SELECT id::text AS key, region AS value FROM links ORDER BY id DESC LIMIT $1'

function delayedServer(region: Region): RegionInput['servers'][number] {
  return {
    id: names.delayedId,
    host: hostName(region, 'delayed'),
    port: ports.postgres,
    agentUrl: `http://${hostName(region, 'delayed')}:${ports.agent}`,
    platformHostId: names.hostId(region, 'delayed'),
    role: 'delayed',
    delaySeconds: names.delaySeconds,
  }
}

/** The service as Lifeboat is told about it: the content of `lifeboat.yaml`. */
export function serviceConfiguration(settings: LabSettings, paths: LabPaths): LifeboatConfig {
  const secret = (name: SecretName) => secretReference(paths, name)
  const outside = hostAddress(settings.net, 'outside', 'outside')

  const region = (id: Region, name: string): RegionInput => ({
    id,
    name,
    initialRole: id === names.firstPrimary ? 'primary' : 'standby',
    endpointUrl: `http://${hostName(id, 'endpoint')}:${ports.endpoint}`,
    answers: [hostAddress(settings.net, id, 'endpoint')],
    servers: [
      {
        id: names.databaseId(id),
        host: hostName(id, 'database'),
        port: ports.postgres,
        agentUrl: `http://${hostName(id, 'database')}:${ports.agent}`,
        platformHostId: names.hostId(id, 'db'),
      },
      ...(names.hostKinds(id, settings.delayed).includes('delayed') ? [delayedServer(id)] : []),
    ],
    cache: { host: hostName(id, 'cache'), port: ports.redis, passwordRef: secret('cache-password') },
    workload: {
      kind: 'kubernetes',
      apiUrl: `http://${hostName(id, 'cluster')}:${ports.cluster}`,
      tokenRef: secret('cluster-token'),
      namespace: names.namespace,
      deployment: names.deployment,
      primaryReplicas: settings.primaryInstances,
      standbyReplicas: settings.standbyInstances,
    },
  })

  const store = (id: Region) => ({
    endpoint: `http://${hostName(id, 'store')}:${ports.store}`,
    bucket: names.switchBucket,
    key: names.switchKey,
    accessKeyIdRef: secret('store-access-key-id'),
    secretAccessKeyRef: secret('store-secret-access-key'),
  })

  return lifeboatConfig.parse({
    version: 1,
    services: [
      {
        id: names.serviceId,
        name: 'URL shortener',
        mode: settings.mode,
        regions: [region('us-east', 'US East'), region('us-west', 'US West')],
        database: {
          name: names.databaseName,
          user: names.monitorUser,
          passwordRef: secret('database-monitor-password'),
          agentTokenRef: secret('agent-token'),
        },
        platform: { url: `http://${outside}:${ports.platform}`, tokenRef: secret('platform-token') },
        dns: {
          name: names.publicName,
          zoneId: names.zoneId,
          ttlSeconds: names.ttlSeconds,
          resolvers: [`${outside}:${ports.resolverA}`, `${outside}:${ports.resolverB}`],
          route53: {
            endpoint: `http://${outside}:${ports.route53}`,
            accessKeyIdRef: secret('route53-access-key-id'),
            secretAccessKeyRef: secret('route53-secret-access-key'),
          },
          shared: sharedNames.map((shared) => ({
            ...shared,
            records: shared.records.map((record) => ({ ...record, healthCheckId: endpointCheckId(record.region) })),
          })),
          redirect: { method: 'health-switch', stores: Object.fromEntries(regions.map((id) => [id, store(id)])) },
        },
        probes: { intervalMs: settings.checkMs, timeoutMs: Math.min(1_000, settings.checkMs), failuresToConfirm: 2 },
        synthetic: { port: ports.endpoint },
        prewarm: { query: hottestLinks },
        anomaly: { ignoreTables: ['public.link_hits'] },
        evacuation: { holdMs: 5_000, minRequests: 20, maxErrorRate: 0.05 },
        ids: { kind: 'snowflake', query: newestIds },
        // Shortened like all timings of the lab; twice a budget is a step's deadline, which a busy machine must be able to keep.
        budgets: {
          confirmMs: 10_000,
          fenceMs: 15_000,
          promoteMs: 30_000,
          rollForwardMs: 30_000,
          pointMs: 45_000,
          prewarmMs: 15_000,
          scaleMs: 60_000,
          dnsMs: 20_000,
          verifyMs: 15_000,
        },
        // No least time between two automatic failovers: each still waits for its acknowledgement.
        policies: { selfFenceMs: names.selfFenceMs, automatic: { coolDownMinutes: 0 } },
      },
    ],
  } satisfies Input)
}

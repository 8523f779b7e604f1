import type { RegionConfig, ServerConfig, ServiceConfig } from '../service-config'
import { type Draft, drafter, part } from './assemble'
import { failoverInputs } from './failover-steps'

const draft = drafter(failoverInputs)

/** Which way a service turns: every plan that makes another server the writer ends with the same steps. */
export type Turn = { config: ServiceConfig; from: RegionConfig; to: RegionConfig; target: ServerConfig }

/** The instances of the region that takes over: pointed at the new primary, their cache warm, as many as the load needs. */
export function serveSteps({ config, from, to, target }: Turn): Draft[] {
  const point = draft('workload.point-at-primary', config.budgets.pointMs, {
    region: to.id,
    serverId: target.id,
    host: target.host,
    port: target.port,
    hostEnv: config.database.writerEnv,
    portEnv: config.database.writerPortEnv,
    namespace: to.workload.namespace,
    deployment: to.workload.deployment,
  })
  const prewarm =
    config.prewarm && to.cache
      ? [
          draft('cache.prewarm', config.budgets.prewarmMs, {
            region: to.id,
            serverId: target.id,
            ...config.prewarm,
            cacheAddress: `${to.cache.host}:${to.cache.port}`,
          }),
        ]
      : []
  const scale = draft('workload.scale-region', config.budgets.scaleMs, {
    region: to.id,
    namespace: to.workload.namespace,
    deployment: to.workload.deployment,
    replicas: from.workload.primaryReplicas,
  })
  return [point, ...prewarm, scale]
}

/** Traffic last: only ever to a primary that was proved writable in the same run. */
export function trafficSteps({ config, from, to }: Turn): Draft[] {
  const { dns, synthetic, budgets } = config
  const turn = { name: dns.name, fromRegion: from.id, toRegion: to.id, writableStepKey: 'postgres.prove-writable' }
  const redirect =
    dns.redirect.method === 'health-switch'
      ? draft('dns.turn-switch', part(budgets.dnsMs, 0.2), {
          ...turn,
          bucket: dns.redirect.stores[to.id]?.bucket,
          switchKey: dns.redirect.stores[to.id]?.key,
        })
      : draft('dns.edit-records', part(budgets.dnsMs, 0.2), { ...turn, zoneId: dns.zoneId, answers: to.answers })
  return [
    redirect,
    draft('dns.await-resolvers', Math.max(part(budgets.dnsMs, 0.8), dns.ttlSeconds * 1000), {
      name: dns.name,
      region: to.id,
      answers: to.answers,
      resolvers: dns.resolvers,
      ttlSeconds: dns.ttlSeconds,
    }),
    draft('service.verify-synthetic', budgets.verifyMs, {
      name: dns.name,
      region: to.id,
      port: synthetic.port,
      answers: to.answers,
      createPath: synthetic.createPath,
      followPath: synthetic.followPath,
      target: synthetic.target,
      timeoutMs: config.probes.timeoutMs,
    }),
  ]
}

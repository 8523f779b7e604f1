import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { Authority } from '@/lab/dns/authority'
import type { DnsConfig } from '@/lab/dns/config'
import { HealthChecks } from '@/lab/dns/health-checks'
import { serveDns } from '@/lab/dns/listener'
import { Resolver } from '@/lab/dns/resolver'
import { route53Server } from '@/lab/dns/route53-server'
import { type SavedState, savedState } from '@/lab/dns/saved-state'
import { Zone } from '@/lab/dns/zone'
import { closeServer, listen } from '@/lab/http-service'
import { readSecret, writeFileAtomic } from '@/lab/service-process'

/** The authority, the Route 53 API in front of it, and two resolvers behind it. @returns how to stop */
export async function startDns(config: DnsConfig, logger: Logger): Promise<() => Promise<void>> {
  const saved = loadState(config)
  const writer = stateWriter(config.stateFile, () => ({ zone: saved.zone, health: checks.state }), logger)
  const checks = new HealthChecks(
    { intervalMs: config.checkIntervalMs, timeoutMs: config.checkTimeoutMs },
    saved.health,
    () => writer.request(),
  )
  const zone = new Zone(config, saved.zone, () => writer.request())
  const authority = new Authority(zone, checks, config.locations)
  const { host, dnsPort, resolverAPort, resolverBPort, route53Port } = config.listen
  const resolver = (sourceAddress: string | undefined) => new Resolver({ host, port: dnsPort, sourceAddress })
  const a = resolver(config.resolverSource.a)
  const b = resolver(config.resolverSource.b)
  const stops = [
    await serveDns(host, dnsPort, (query, client) => authority.answer(query, client)),
    await serveDns(host, resolverAPort, (query) => a.answer(query)),
    await serveDns(host, resolverBPort, (query) => b.answer(query)),
  ]
  const credentials = { accessKeyId: config.accessKeyId, secretAccessKey: readSecret(config.secretAccessKeyFile) }
  const api = route53Server(
    { zone, checks, authority },
    { credentials, requestsPerSecond: config.requestsPerSecond },
    logger,
  )
  await listen(api, host, route53Port)
  writer.request()
  logger.info({ host, dnsPort, resolverAPort, resolverBPort, route53Port, zone: zone.name }, 'dns is ready')
  return async () => {
    zone.close()
    checks.close()
    await Promise.all([closeServer(api), ...stops.map((stop) => stop())])
    await writer.settled()
  }
}

/** The state file is the truth; the configuration's records and checks are used only when there is none. */
function loadState(config: DnsConfig): SavedState {
  let text: string
  try {
    text = readFileSync(config.stateFile, 'utf8')
  } catch {
    return {
      zone: Zone.initialState(config, config.records),
      health: { checks: config.healthChecks.map((check) => HealthChecks.fromConfig(check)), verdicts: {} },
    }
  }
  return savedState.parse(JSON.parse(text))
}

/** Writes the newest state, one write at a time; requests during a write are one more write. */
function stateWriter(path: string, state: () => SavedState, logger: Logger) {
  let running: Promise<void> | null = null
  let again = false
  const run = async () => {
    do {
      again = false
      await writeFileAtomic(path, JSON.stringify(state())).catch((error: unknown) =>
        logger.error({ reason: String(error) }, 'the state could not be written'),
      )
    } while (again)
    running = null
  }
  return {
    request() {
      if (running) again = true
      // Deferred: a request may come from the constructor of what the state is made of.
      else running = Promise.resolve().then(run)
    },
    settled: async () => {
      await running
    },
  }
}

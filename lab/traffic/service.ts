import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { closeServer, hasBearer, listen, sendJson } from '@/lab/http-service'
import { readSecret } from '@/lab/service-process'
import { type CheckResult, checkAll } from '@/lab/traffic/check'
import type { TrafficConfig } from '@/lab/traffic/config'
import { Generator, type Tally } from '@/lab/traffic/generator'
import { Ledger, readPromises } from '@/lab/traffic/ledger'
import { Promises } from '@/lab/traffic/promises'
import type { SharedTally } from '@/lab/traffic/shared-users'

/** `GET /summary`, and the answer to /start and /stop. Times are ISO 8601. */
export type TrafficSummary = {
  running: boolean
  /** Links acknowledged, those of earlier runs of this ledger included. */
  acknowledged: number
  /** Requests that certainly did nothing, since this process started. */
  failed: number
  /** Creates whose answer never came, since this process started. */
  unknown: number
  /** Acknowledged links that the last check missed; null before any check. */
  lost: number | null
  checkedAt: string | null
  outages: { from: string | null; firstFailedAt: string; to: string | null; failedRequests: number }[]
  lastOkAt: string | null
  /** Of the outage that lasts, or of the last one. */
  firstFailedAt: string | null
  currentRegion: string | null
  /** Good answers a second, over the last five. */
  ratePerSecond: number
  detail: Tally
  /** Users of the name that both regions serve, counted apart; null when there are none. */
  shared: SharedTally | null
}

/** Users, their ledger, and the control API. @returns how to stop */
export async function startTraffic(config: TrafficConfig, logger: Logger): Promise<() => Promise<void>> {
  const token = readSecret(config.tokenFile)
  const promises = new Promises()
  const nextSerial = await readPromises(config.ledgerFile, promises)
  const ledger = Ledger.open(config.ledgerFile)
  const generator = new Generator(config, ledger, promises, nextSerial)
  const traffic = new Traffic(generator, promises, ledger)
  const server = createServer((request, response) => {
    void control(traffic, token, request, response).catch((error: unknown) => {
      logger.error({ reason: String(error) }, 'a control call failed')
      response.destroy()
    })
  })
  await listen(server, config.listen.host, config.listen.port)
  if (config.autostart) generator.start()
  logger.info({ ...config.listen, promised: promises.count, running: config.autostart }, 'traffic is ready')
  return async () => {
    await closeServer(server)
    await generator.close()
    ledger.close()
  }
}

class Traffic {
  private lastCheck: CheckResult | null = null
  private checking: Promise<CheckResult | null> | null = null

  constructor(
    readonly generator: Generator,
    private readonly promises: Promises,
    private readonly ledger: Ledger,
  ) {}

  /** Who asks while a check runs gets that check's result. */
  async check(): Promise<CheckResult | null> {
    this.checking ??= checkAll(this.generator, this.promises, this.ledger).finally(() => {
      this.checking = null
    })
    const result = await this.checking
    this.lastCheck = result ?? this.lastCheck
    return result
  }

  summary(): TrafficSummary {
    const text = (at: number | null) => (at === null ? null : new Date(at).toISOString())
    const { tally, lastOkAt, region } = this.generator
    const outages = this.generator.outages.list(Date.now()).map((outage) => ({
      from: text(outage.from),
      firstFailedAt: new Date(outage.firstFailedAt).toISOString(),
      to: text(outage.to),
      failedRequests: outage.failedRequests,
    }))
    return {
      running: this.generator.running,
      acknowledged: this.promises.count,
      failed: tally.creates.failed + tally.follows.failed,
      unknown: tally.creates.unknown,
      lost: this.lastCheck?.missing ?? null,
      checkedAt: this.lastCheck?.checkedAt ?? null,
      outages,
      lastOkAt: text(lastOkAt),
      firstFailedAt: outages.at(-1)?.firstFailedAt ?? null,
      currentRegion: region,
      ratePerSecond: this.generator.ratePerSecond(),
      detail: tally,
      shared: this.generator.shared?.tally ?? null,
    }
  }
}

async function control(
  traffic: Traffic,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!hasBearer(request, token)) return sendJson(response, 401, { error: 'A bearer token is needed.' })
  request.resume()
  const call = `${request.method} ${request.url}`
  if (call === 'GET /summary') return sendJson(response, 200, traffic.summary())
  if (call === 'POST /start') traffic.generator.start()
  else if (call === 'POST /stop') traffic.generator.stop()
  else if (call === 'POST /check') {
    const result = await traffic.check()
    if (result) return sendJson(response, 200, result)
    return sendJson(response, 503, {
      error: 'The service cannot be reached through its name; nothing is known about loss.',
    })
  } else return sendJson(response, 404, { error: `There is no ${call}.` })
  sendJson(response, 200, traffic.summary())
}

import { mkdirSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import pino, { type Logger } from 'pino'
import { boot } from './boot'
import { type AgentConfig, agentConfig } from './config'
import { makeCluster, takeFirstCopy } from './first-start'
import { Host } from './host'
import { createAgentServer } from './http-server'
import { operationTable } from './operation-table'
import { monotonicMs } from './poll'
import { Pulse } from './pulse'
import { readSecrets } from './secrets'
import { resumeSince, Sight } from './sight'
import { SightFile } from './sight-file'
import { StateStore } from './state-store'
import { findOwner } from './tools'
import { agentVersion } from './version'

/** For what PostgreSQL needs to end in order when the machine goes down. */
const shutdownMs = 20_000

function readConfig(path: string | undefined): AgentConfig {
  if (!path) throw new Error('usage: agent <config.json>')
  return agentConfig.parse(JSON.parse(readFileSync(path, 'utf8')))
}

function listen(server: Server, { host, port }: AgentConfig['listen']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

/** In the background: the agent answers from the first moment, also while a first copy has nowhere to come from yet. */
async function bringUp(host: Host, pulse: Pulse, stopping: AbortSignal): Promise<void> {
  const there = await host.mutex.run(() => boot(host), 1_000)
  if (!there && host.config.initialRole === 'primary') await host.mutex.run(() => makeCluster(host), 1_000)
  pulse.start()
  if (!there && host.config.initialRole === 'standby') await takeFirstCopy(host, stopping)
}

async function shutDown(host: Host, pulse: Pulse, server: Server, log: Logger): Promise<void> {
  server.close()
  pulse.stop()
  host.desired = 'stopped'
  if (process.env.LIFEBOAT_AGENT_LEAVE === '1') {
    log.info('leaving PostgreSQL running')
  } else {
    // An operation in progress gets a moment to end, lest it start what is being stopped.
    const stop = async () => log.info(await host.postmaster.stopByAllMeans(shutdownMs), 'stopped PostgreSQL')
    await host.mutex.run(stop, 5_000).catch(stop)
  }
  process.exit(0)
}

async function main(): Promise<void> {
  const config = readConfig(process.argv[2])
  const log = pino({ base: { serverId: config.serverId, version: agentVersion } })
  mkdirSync(config.stateDirectory, { recursive: true, mode: 0o700 })
  const [secrets, owner, state] = await Promise.all([
    readSecrets(config),
    findOwner(config.postgres.osUser),
    StateStore.open(config.stateDirectory),
  ])
  const sightFile = new SightFile(config.stateDirectory)
  const now = monotonicMs()
  const sight = new Sight(config, resumeSince(now, sightFile.read(), config.selfFenceAfterMs))
  const host = new Host(config, secrets, owner, state, sight, log)
  const pulse = new Pulse(host, sightFile)
  const server = createAgentServer(operationTable(host, pulse), secrets.token, log)
  await listen(server, config.listen)
  const stopping = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      stopping.abort()
      void shutDown(host, pulse, server, log)
    })
  }
  log.info({ listen: config.listen, bootId: host.bootId }, 'agent is up')
  await bringUp(host, pulse, stopping.signal).catch((error: unknown) => {
    log.error({ error: error instanceof Error ? error.message : 'unknown' }, 'the server could not be brought up')
    pulse.start()
  })
}

main().catch((error: unknown) => {
  // Before there is a log; a configuration error names fields, never secrets.
  console.error(error instanceof Error ? error.message : 'the agent could not start')
  process.exitCode = 1
})

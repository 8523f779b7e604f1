import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { hostAddress, ports, type Region, regions } from '@/lab/addressing'
import type { LabClient } from '@/lab/client'
import * as names from '@/lab/config/names'
import { type DatabaseAddress, withDatabase } from '@/lab/control'
import type { LabPaths } from '@/lab/paths'
import { secretValue } from '@/lab/secrets'
import { LabProblem, type LabSettings } from '@/lab/settings'
import type { AgentObservation } from '@/server/domain/agent-protocol'

const roles = {
  superuser: { user: 'postgres', secret: 'database-superuser-password' },
  monitor: { user: names.monitorUser, secret: 'database-monitor-password' },
  shortener: { user: names.shortenerUser, secret: 'database-shortener-password' },
} as const
export type DatabaseRole = keyof typeof roles

/** A managed database server, asked directly at its own address. */
export function databaseAddress(
  settings: LabSettings,
  paths: LabPaths,
  region: Region,
  role: DatabaseRole,
): DatabaseAddress {
  const { user, secret } = roles[role]
  return {
    host: hostAddress(settings.net, region, 'database'),
    port: ports.postgres,
    user,
    password: secretValue(paths, secret),
    database: names.databaseName,
  }
}

export type Observations = Partial<Record<Region, AgentObservation>>

/** What the agents that answer say. */
export async function observeAll(client: LabClient): Promise<Observations> {
  const seen = await Promise.all(
    regions.map(async (region) => [region, await client.observe(region).catch(() => undefined)] as const),
  )
  return Object.fromEntries(seen.filter(([, observation]) => observation !== undefined))
}

export const isWriter = (one: AgentObservation | undefined) => one?.role === 'primary' && one.acceptsWrites === true
const isStreaming = (one: AgentObservation | undefined) =>
  one?.role === 'standby' && one.state === 'running' && one.receiver?.status === 'streaming'

function summary(seen: Observations): string {
  return regions
    .map((region) => {
      const one = seen[region]
      const said = one === undefined ? 'no answer' : `${one.state}, ${one.role ?? 'role unknown'}`
      return `${names.databaseId(region)}: ${said}`
    })
    .join('; ')
}

/** Polls the agents until `check` holds. @returns the last observations and whether it held in time */
export async function awaitDatabases(
  client: LabClient,
  check: (seen: Observations) => boolean,
  deadlineMs: number,
): Promise<{ held: boolean; summary: string }> {
  const until = Date.now() + deadlineMs
  for (;;) {
    const seen = await observeAll(client)
    if (check(seen)) return { held: true, summary: summary(seen) }
    if (Date.now() > until) return { held: false, summary: summary(seen) }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const marker = (paths: LabPaths) => join(paths.lab, 'provisioned')

/** The lab has had its first writer and its service's role; from then on Lifeboat alone says who the writer is. */
export const isProvisioned = (paths: LabPaths) => existsSync(marker(paths))

/** First start only: waits for the pair to stream, and makes the service's own role. */
export async function provision(settings: LabSettings, paths: LabPaths, client: LabClient): Promise<void> {
  const standby = names.otherRegion(names.firstPrimary)
  const ready = (seen: Observations) => isWriter(seen[names.firstPrimary]) && isStreaming(seen[standby])
  const { held, summary: said } = await awaitDatabases(client, ready, 120_000)
  if (!held) throw new LabProblem(`The databases did not come up (${said}). See ${paths.log('db-east-1-agent')}`)
  await withDatabase(databaseAddress(settings, paths, names.firstPrimary, 'superuser'), async (sql) => {
    const role = pg.escapeIdentifier(names.shortenerUser)
    const found = await sql.query('select 1 from pg_roles where rolname = $1', [names.shortenerUser])
    const password = pg.escapeLiteral(secretValue(paths, 'database-shortener-password'))
    // Should the statement fail, its text, with the password in it, must not reach the server's log.
    await sql.query("set log_min_error_statement = 'panic'")
    await sql.query(`${found.rowCount === 0 ? 'create' : 'alter'} role ${role} login password ${password}`)
    await sql.query(`alter database ${pg.escapeIdentifier(names.databaseName)} owner to ${role}`)
  })
  writeFileSync(marker(paths), new Date().toISOString())
}

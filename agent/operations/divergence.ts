import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { failed } from '../agent-error'
import type { Host } from '../host'
import { withSession } from '../session'
import { childOptions, programPath } from '../tools'
import { bytesToLsn, lsnToBytes, segmentName, segmentStart } from '../wal-position'
import { DivergenceCounter, parseEnd, parseRecord, type RowCounts, type WalRecord } from '../waldump'

const nameRows = z.array(z.object({ file: z.string(), schema: z.string(), name: z.string() }))
/** A running server has replayed all it has; null when it does not run. */
const replayRows = z.tuple([z.object({ replayed: z.string().nullable() })])
const readLimitMs = 120_000

export interface Catalog {
  tables: Map<string, { schema: string; name: string }>
  replayedLsn: string | null
}

/** Names of the tables behind the files, asked of the read-only server; without one every table is `unknown`. */
export async function readCatalog(host: Host): Promise<Catalog> {
  try {
    return await withSession(host.monitor('lifeboat-divergence'), 5_000, async (client) => {
      const found = await client.query(
        `select case when c.reltablespace = 0 then d.dattablespace else c.reltablespace end || '/' ||
             case when c.relisshared then 0 else d.oid end || '/' || pg_relation_filenode(c.oid) as file,
           n.nspname as schema, c.relname as name
         from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_database d
         where d.datname = current_database() and pg_relation_filenode(c.oid) is not null`,
      )
      const replayed = await client.query('select pg_last_wal_replay_lsn()::text as replayed')
      const rows = nameRows.parse(found.rows)
      return {
        tables: new Map(rows.map((row) => [row.file, { schema: row.schema, name: row.name }])),
        replayedLsn: replayRows.parse(replayed.rows)[0].replayed,
      }
    })
  } catch {
    return { tables: new Map(), replayedLsn: null }
  }
}

/** Lifeboat's own schema, and PostgreSQL's. */
export const notTheService = new Set(['lifeboat', 'pg_catalog', 'pg_toast', 'information_schema'])

/** Where to begin: at the fork, or at the oldest segment that is left of what came after it. */
export async function firstReadable(
  host: Host,
  fork: AgentRequest<'divergence'>,
  segmentBytes: bigint,
): Promise<string | null> {
  const forkSegment = segmentName(fork.forkTimeline, fork.forkLsn, segmentBytes)
  const names = await readdir(join(host.config.postgres.dataDirectory, 'pg_wal'))
  const segments = names
    .filter(
      (name) => /^[0-9A-F]{24}$/.test(name) && name.slice(0, 8) === forkSegment.slice(0, 8) && name >= forkSegment,
    )
    .sort()
  const first = segments[0]
  if (first === undefined) return null
  return first === forkSegment ? fork.forkLsn : segmentStart(first, segmentBytes)
}

/** Whoever takes the records one by one. */
interface RecordSink {
  add(record: WalRecord): void
}

interface Reading {
  lastEnd: bigint
  stderr: string
}

/** Reads record by record: a long divergence costs time, not memory. */
export async function readWal(host: Host, timeline: number, from: string, sink: RecordSink): Promise<Reading> {
  const { dataDirectory } = host.config.postgres
  const args = ['-p', join(dataDirectory, 'pg_wal'), '-t', String(timeline), '-s', from]
  const child = spawn(programPath(host.config, 'pg_waldump'), args, {
    ...childOptions(host.config, host.owner),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('close', () => resolve())
    child.once('error', (error) => reject(failed('pg_waldump could not be run', error)))
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), readLimitMs)
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_000)
  })
  let lastEnd = lsnToBytes(from)
  for await (const line of createInterface({ input: child.stdout })) {
    const record = parseRecord(line)
    if (!record) continue
    sink.add(record)
    lastEnd = lsnToBytes(record.lsn) + BigInt(Math.ceil(record.totalBytes / 8) * 8)
  }
  await ended
  clearTimeout(timer)
  return { lastEnd, stderr }
}

function nameTables(files: Map<string, RowCounts>, catalog: Catalog): AgentResult<'divergence'>['tables'] {
  const tables = new Map<string, RowCounts>()
  for (const [file, counts] of files) {
    const found = catalog.tables.get(file)
    const table = found ? `${found.schema}.${found.name}` : 'unknown'
    const sum = tables.get(table) ?? { inserted: 0, updated: 0, deleted: 0 }
    tables.set(table, {
      inserted: sum.inserted + counts.inserted,
      updated: sum.updated + counts.updated,
      deleted: sum.deleted + counts.deleted,
    })
  }
  return [...tables].map(([table, counts]) => ({ table, ...counts })).sort((a, b) => a.table.localeCompare(b.table))
}

const nothing = { transactions: 0, lastCommitAt: null, tables: [] }

/** Reads only. Works beside a running read-only server, and on a stopped one without the tables' names. */
export async function divergence(host: Host, request: AgentRequest<'divergence'>): Promise<AgentResult<'divergence'>> {
  const { control, segmentBytes } = await host.readControl()
  const catalog = await readCatalog(host)
  const fork = lsnToBytes(request.forkLsn)
  const known = [catalog.replayedLsn, control.timeline === request.forkTimeline ? control.checkpointLsn : null]
  const knownEnd = known.reduce((end, lsn) => (lsn !== null && lsnToBytes(lsn) > end ? lsnToBytes(lsn) : end), 0n)
  const from = await firstReadable(host, request, segmentBytes)
  if (from === null) {
    const end = knownEnd > fork ? knownEnd : fork
    return { ...nothing, endLsn: bytesToLsn(end), bytes: Number(end - fork), complete: knownEnd <= fork }
  }
  const counter = new DivergenceCounter((file) => !notTheService.has(catalog.tables.get(file)?.schema ?? ''))
  const reading = await readWal(host, request.forkTimeline, from, counter)
  const reported = parseEnd(reading.stderr)
  const readEnd = reported && lsnToBytes(reported) >= reading.lastEnd ? lsnToBytes(reported) : reading.lastEnd
  return {
    endLsn: bytesToLsn(readEnd > fork ? readEnd : fork),
    bytes: Number(readEnd > fork ? readEnd - fork : 0n),
    transactions: counter.transactions,
    lastCommitAt: counter.lastCommitAt,
    tables: nameTables(counter.files, catalog),
    // At the end of a segment the next record begins after its header, a few bytes past the last one's end.
    complete: from === request.forkLsn && readEnd + 64n >= knownEnd,
  }
}

import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { z } from 'zod'
import { readAuditEntries } from '@/server/db/repositories/audit-entries'
import { type Anchor, type ChainEntry, verifyChain } from '@/server/domain/audit-chain'
import { withDatabase } from './database'
import { needed, type Options } from './options'
import type { Result } from './output'
import { CommandProblem, exitCodes, wrongUse } from './problem'

const entry: z.ZodType<ChainEntry> = z.object({
  seq: z.int(),
  at: z.string(),
  actor: z.json(),
  action: z.string(),
  subject: z.string(),
  serviceId: z.string().nullable(),
  runId: z.string().nullable(),
  outcome: z.string(),
  data: z.json(),
  prevHash: z.string(),
  hash: z.string(),
})
const anchor = z.object({ store: z.string().optional(), seq: z.int(), hash: z.string(), anchoredAt: z.string() })

/** Every entry, oldest first, one JSON object a line: all that is needed to verify it elsewhere. */
export async function exportAudit(options: Options): Promise<Result> {
  const out = needed(options.out, '--out')
  const unfinished = `${out}.part`
  let head: { seq: number; hash: string } | null = null
  try {
    await withDatabase(async (db) => {
      const file = createWriteStream(unfinished, { mode: 0o600 })
      for await (const each of readAuditEntries(db)) {
        head = { seq: each.seq, hash: each.hash }
        if (!file.write(`${JSON.stringify(each)}\n`)) await once(file, 'drain')
      }
      file.end()
      await finished(file)
    })
    await rename(unfinished, out)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  const text = head ? `Wrote ${out}: ${describe(head)}` : `Wrote ${out}: the trail is empty.`
  return { json: { out, head }, text }
}

/** Needs nothing but the files: no database, no console. */
export async function verifyAudit([path]: string[], options: Options): Promise<Result> {
  const file = needed(path, 'The exported file')
  const anchors = options.anchors ? await readAnchors(options.anchors) : []
  const verdict = await verifyChain(readLines(file), anchors, options.head ? parseHead(options.head) : null)
  const { ok, entries, head, brokenAt, reason } = verdict
  const known = anchors.length > 0 || options.head !== undefined
  const limits = known ? '' : ' Without --anchors or --head a cut tail or a rewritten chain cannot be seen.'
  const text = ok
    ? `ok: ${entries} entries${head ? `; ${describe(head)}` : ''}; ${anchors.length} published heads agree.${limits}`
    : `NOT ok at entry ${brokenAt}: ${reason}`
  return { json: verdict, text, exitCode: ok ? exitCodes.done : exitCodes.notWell }
}

function describe(head: { seq: number; hash: string }): string {
  return `the head is ${head.seq}:${head.hash}`
}

async function* readLines(path: string): AsyncGenerator<ChainEntry> {
  let number = 0
  const input = createReadStream(path, { encoding: 'utf8' })
  // Split at line feeds only: U+2028 inside an entry is text.
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1
    if (line.trim() === '') continue
    const parsed = entry.safeParse(parse(line))
    if (!parsed.success) {
      throw new CommandProblem(`Line ${number} of ${path} is not an entry of the audit trail.`, exitCodes.notWell, {
        ok: false,
        line: number,
      })
    }
    yield parsed.data
  }
}

/** A folder with one published head a file, as the stores hold them, or a file with a list of them. */
async function readAnchors(path: string): Promise<Anchor[]> {
  const isFolder = (await stat(path)).isDirectory()
  const files = isFolder
    ? (await readdir(path, { recursive: true }))
        .filter((name) => name.endsWith('.json'))
        .map((name) => join(path, name))
    : [path]
  const found = await Promise.all(files.map(async (file) => list(await readFile(file, 'utf8'))))
  const anchors = found.flat().map((value) => anchor.safeParse(value))
  if (anchors.length === 0 || anchors.some((each) => !each.success)) {
    throw new CommandProblem(`${path} holds something else than published heads of the audit trail.`)
  }
  return anchors.flatMap((each) => (each.success ? [{ ...each.data, store: each.data.store ?? basename(path) }] : []))
}

function list(text: string): unknown[] {
  const whole = parse(text)
  if (whole === null)
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(parse)
  return Array.isArray(whole) ? whole : [whole]
}

function parseHead(text: string): { seq: number; hash: string } {
  const [seq, hash] = text.split(':')
  if (!seq || !/^\d+$/.test(seq) || !hash) throw wrongUse('--head is <number>:<hash>')
  return { seq: Number(seq), hash }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

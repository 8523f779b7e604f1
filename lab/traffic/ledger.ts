import { closeSync, createReadStream, existsSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { parseJson } from '@/lab/http-service'
import { type Promises, serialOf } from '@/lab/traffic/promises'

/**
 * What users were promised and what went wrong, one JSON object a line, in the order of the answers. `at` is the wall clock,
 * `monotonicMs` the machine's steady one, comparable between processes until the machine restarts.
 */
export type LedgerEntry =
  | { kind: 'acknowledged'; code: string; url: string; region: string | null; address: string }
  | {
      kind: 'failed'
      operation: 'create' | 'follow'
      outcome: 'failed' | 'unknown'
      reason: string
      address: string | null
    }
  | { kind: 'missing' | 'wrong'; code: string; got: string; region: string | null }
  | { kind: 'check'; checked: number; missing: number; undetermined: number; missingCodes: string[] }
  | { kind: 'outage'; from: string | null; firstFailedAt: string; to: string; failedRequests: number }
  | { kind: 'started' | 'stopped' }

const acknowledged = z.object({ kind: z.literal('acknowledged'), code: z.string().max(12), url: z.string() })

export class Ledger {
  private constructor(private readonly file: number) {}

  static open(path: string): Ledger {
    mkdirSync(dirname(path), { recursive: true })
    const file = openSync(path, 'a+', 0o600)
    const { size } = fstatSync(file)
    const last = Buffer.alloc(1)
    if (size > 0) readSync(file, last, 0, 1, size - 1)
    // A line that a crash cut off must not swallow the next one.
    if (size > 0 && last.toString() !== '\n') writeSync(file, '\n')
    return new Ledger(file)
  }

  /** Written before it is counted: the end of this process loses no line. */
  append(entry: LedgerEntry): void {
    const monotonicMs = Number(process.hrtime.bigint() / 1_000n) / 1_000
    writeSync(this.file, `${JSON.stringify({ ...entry, at: new Date().toISOString(), monotonicMs })}\n`)
  }

  close(): void {
    closeSync(this.file)
  }
}

/** Reads the promises of earlier runs. A line that the machine did not finish is skipped. @returns the first free serial number */
export async function readPromises(path: string, promises: Promises): Promise<number> {
  if (!existsSync(path)) return 1
  let highest = 0
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!line.includes('"acknowledged"')) continue
    const parsed = acknowledged.safeParse(parseJson(line))
    const serial = parsed.success ? serialOf(parsed.data.url) : null
    if (!parsed.success || serial === null) continue
    promises.add({ code: parsed.data.code, serial })
    highest = Math.max(highest, serial)
  }
  return highest + 1
}

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { problem as problemSchema } from '@/server/queries/dto/common'
import type { Options } from './options'
import { CommandProblem, exitCodes, wrongUse } from './problem'

/** The console's API with a person's token. */
export type Api = {
  get<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>>
  post<T extends z.ZodType>(path: string, body: unknown, schema: T): Promise<z.infer<T>>
}

const accessFile = z.object({ url: z.string(), users: z.record(z.string(), z.object({ token: z.string() })) })
type Environment = Readonly<Record<string, string | undefined>>

/** Long enough for a control database that is busy, short enough to be told that nobody answers. */
const timeoutMs = 15_000

/** LIFEBOAT_URL and LIFEBOAT_TOKEN; without a token, `access.json` of a lab and `--as <name>`. @throws CommandProblem */
export function connectApi(options: Options, environment: Environment = process.env): Api {
  const { url, token } = whoAndWhere(options, environment)
  const call = async <T extends z.ZodType>(method: 'GET' | 'POST', path: string, body: unknown, schema: T) => {
    const answer = await send(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'POST' ? { 'content-type': 'application/json', 'idempotency-key': randomUUID() } : {}),
      },
      ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
    })
    const parsed = schema.safeParse(answer)
    if (!parsed.success)
      throw new CommandProblem(`The console at ${url} answered something that this version does not know.`)
    return parsed.data
  }
  return {
    get: (path, schema) => call('GET', path, undefined, schema),
    post: (path, body, schema) => call('POST', path, body, schema),
  }
}

async function send(url: URL, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
    const why = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : ''
    throw new CommandProblem(`The console at ${url.origin} does not answer: ${why}`, exitCodes.unreachable)
  })
  const text = await response.text()
  if (response.ok) return parseJson(text)
  throw refusal(response.status, parseJson(text))
}

function refusal(status: number, body: unknown): CommandProblem {
  const exitCode =
    status === 401 || status === 403 ? exitCodes.refused : status >= 500 ? exitCodes.unreachable : exitCodes.notDone
  const told = problemSchema.safeParse(body)
  if (!told.success) return new CommandProblem(`The console answered ${status}.`, exitCode)
  const { detail, notDone, nextStep, errors } = told.data
  const list = (errors ?? []).map((each) => `\n  ${each.path}: ${each.message}`).join('')
  return new CommandProblem(`${detail} ${notDone} ${nextStep}${list}`, exitCode, { problem: told.data })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function whoAndWhere(options: Options, environment: Environment): { url: string; token: string } {
  const { LIFEBOAT_URL: url, LIFEBOAT_TOKEN: token, LIFEBOAT_STATE_DIR: state } = environment
  if (url && token && !options.as) return { url, token }
  const path = options.access ?? join(state ?? '.lifeboat', 'access.json')
  const found = accessFile.safeParse(readJson(path))
  if (!found.success) {
    throw wrongUse(
      `Set LIFEBOAT_URL and LIFEBOAT_TOKEN, or name the sign-ins of a lab with --access (${path} has none)`,
    )
  }
  const name = options.as ?? 'viewer'
  const user = found.data.users[name]
  if (!user) throw wrongUse(`${path} has no ${name}; it has ${Object.keys(found.data.users).join(', ')}`)
  return { url: url ?? found.data.url, token: user.token }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

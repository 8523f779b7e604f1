import { randomInt, randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hashPassword } from 'better-auth/crypto'
import type { Db } from '@/server/db/client'
import { hashApiToken, newApiToken } from '@/server/domain/api-token'
import type { Role } from '@/server/domain/rights'
import type { Handler } from '@/server/http/route'
import { closeConsoleWiring, consoleWiring } from '@/server/wiring'
import { startTestDatabase, type TestPostgres } from './postgres'

/** The console's API over a control database of a test's own: the route files' own handlers, called with real requests. */
export type TestConsole = {
  database: TestPostgres
  db: Db
  origin: string
  people: Record<PersonName, Person>
  call(request: Call): Promise<Response>
  stop(): Promise<void>
}
type Person = { id: string; email: string; password: string; token: string }
export type PersonName = 'viewer' | 'operator' | 'approver' | 'approver2' | 'auditor' | 'admin' | 'stranger'
export type Call = {
  method?: string
  path: string
  /** Sends this person's token. */
  as?: PersonName
  json?: unknown
  /** Sent as it is; `json` is not looked at then. */
  raw?: BodyInit
  headers?: Record<string, string>
  signal?: AbortSignal
}

const roleOf: Record<PersonName, Role | null> = {
  viewer: 'viewer',
  operator: 'operator',
  approver: 'approver',
  approver2: 'approver',
  auditor: 'auditor',
  admin: 'admin',
  // Signed in, and entitled to nothing.
  stranger: null,
}
const origin = 'http://console.test:3000'

/** @param redisUrl may lead nowhere: nothing of the API needs Redis */
export async function startTestConsole(net: number, redisUrl?: string): Promise<TestConsole> {
  const database = await startTestDatabase(net)
  const nowhere = `redis://127.${net}.${randomInt(1, 255)}.${randomInt(1, 255)}:1`
  Object.assign(process.env, {
    LIFEBOAT_DATABASE_URL: database.url,
    LIFEBOAT_REDIS_URL: redisUrl ?? nowhere,
    LIFEBOAT_SECRET: `${randomUUID()}${randomUUID()}`,
    LIFEBOAT_PUBLIC_URL: origin,
    LIFEBOAT_LOG_LEVEL: 'silent',
  })
  const { db } = consoleWiring()
  const people = await seedPeople(db)
  const routes = await loadRoutes()
  return {
    database,
    db,
    origin,
    people,
    call: (call) => dispatch(routes, people, call),
    stop: async () => {
      await closeConsoleWiring()
      await database.stop()
    },
  }
}

async function seedPeople(db: Db): Promise<Record<PersonName, Person>> {
  const make = async (name: PersonName): Promise<Person> => {
    const person = { id: randomUUID(), email: `${name}@lifeboat.test`, password: randomUUID(), token: newApiToken() }
    const role = roleOf[name]
    await db.user.create({
      data: {
        id: person.id,
        name,
        email: person.email,
        ...(role && { grants: { create: { service: '*', role } } }),
        accounts: {
          create: {
            id: randomUUID(),
            accountId: person.id,
            providerId: 'credential',
            password: await hashPassword(person.password),
          },
        },
        tokens: {
          create: {
            id: randomUUID(),
            name: 'test',
            hash: hashApiToken(person.token),
            expiresAt: new Date(Date.now() + 3_600_000),
          },
        },
      },
    })
    return person
  }
  return {
    viewer: await make('viewer'),
    operator: await make('operator'),
    approver: await make('approver'),
    approver2: await make('approver2'),
    auditor: await make('auditor'),
    admin: await make('admin'),
    stranger: await make('stranger'),
  }
}

export type RouteFile = { file: string; pattern: string; handlers: Record<string, unknown> }

/** Every route file of the app, with its exports and the path that its folders spell. */
export async function loadRoutes(): Promise<RouteFile[]> {
  const app = join(process.cwd(), 'app')
  const files = readdirSync(app, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(^|\/)route\.tsx?$/.test(file),
  )
  return Promise.all(
    files.sort().map(async (file) => ({
      file: relative(process.cwd(), join(app, file)),
      pattern: patternOf(file),
      handlers: await import(pathToFileURL(join(app, file)).href),
    })),
  )
}

/** `api/v1/runs/[id]/route.ts` → `/api/v1/runs/{id}`; folders in parentheses are not part of a path. */
function patternOf(file: string): string {
  const segments = file.split('/').slice(0, -1)
  return `/${segments
    .filter((segment) => !/^\(.*\)$/.test(segment))
    .map((segment) => segment.replace(/^\[(.*)\]$/, '{$1}'))
    .join('/')}`
}

type Match = { route: RouteFile; params: Record<string, string | string[]> }

/** As the framework does it: a fixed segment before a variable one, and the rest of a path last. */
function match(routes: readonly RouteFile[], pathname: string): Match {
  const found = routes.flatMap((route) => {
    const names: string[] = []
    const source = route.pattern
      .split('/')
      .map((segment) => {
        const name = /^\{(\.\.\.)?(.*)\}$/.exec(segment)
        if (!name) return segment.replace(/[.]/g, '\\.')
        names.push(name[2] ?? '')
        return name[1] ? '(.+)' : '([^/]+)'
      })
      .join('/')
    const hit = new RegExp(`^${source}$`).exec(pathname)
    if (!hit) return []
    const params = Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(hit[index + 1] ?? '')]))
    return [{ route, params, rank: route.pattern.includes('{...') ? 1000 - route.pattern.length : names.length }]
  })
  found.sort((a, b) => a.rank - b.rank)
  const best = found[0]
  if (!best) throw new Error(`No route file answers ${pathname}`)
  return best
}

async function dispatch(
  routes: readonly RouteFile[],
  people: Record<PersonName, Person>,
  call: Call,
): Promise<Response> {
  const { method = 'GET', as, json, raw, signal } = call
  const url = new URL(call.path, origin)
  const body = raw ?? (json === undefined ? undefined : JSON.stringify(json))
  const headers = new Headers({
    ...(body !== undefined && raw === undefined ? { 'content-type': 'application/json' } : {}),
    ...(as ? { authorization: `Bearer ${people[as].token}` } : {}),
    ...call.headers,
  })
  const stream = body instanceof ReadableStream ? { duplex: 'half' } : {}
  const request = new Request(url, { method, headers, ...(body === undefined ? {} : { body }), signal, ...stream })
  return handleRequest(routes, request)
}

/** Gives a request to the route file that answers its path. @throws Error when none does */
export async function handleRequest(routes: readonly RouteFile[], request: Request): Promise<Response> {
  const { route, params } = match(routes, new URL(request.url).pathname)
  const handler = route.handlers[request.method]
  if (!isHandler(handler)) throw new Error(`${route.file} exports no ${request.method}`)
  return handler(request, { params: Promise.resolve(params) })
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function'
}

import { z } from 'zod'
import { secretRef } from '@/server/domain/service-config'

/** The only reader of the process environment. Validated once, at start: a process with a wrong setting does not come up. */
const json = z.string().transform((text, context) => {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' })
    return z.NEVER
  }
})

/** Where heads of the audit chain are published: stores that the control database cannot rewrite. */
const anchorStores = z.array(
  z.object({
    name: z.string().regex(/^[a-z0-9-]{1,40}$/),
    endpoint: z.url().optional(),
    region: z.string().default('us-east-1'),
    bucket: z.string().min(1),
    prefix: z.string().default('lifeboat-audit/'),
    accessKeyIdRef: secretRef.optional(),
    secretAccessKeyRef: secretRef.optional(),
  }),
)

export type AnchorStoreSettings = z.infer<typeof anchorStores>[number]

const shared = z.object({
  LIFEBOAT_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'a postgresql:// URL' }),
  LIFEBOAT_REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'a redis:// URL' }),
  LIFEBOAT_LOG_LEVEL: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  LIFEBOAT_ANCHORS: json.pipe(anchorStores).prefault('[]'),
})

const consoleSettings = shared.extend({
  /** Signs session cookies. */
  LIFEBOAT_SECRET: z.string().min(32, 'at least 32 random characters'),
  /** Where browsers reach the console: the only origin that mutations with a cookie are taken from. */
  LIFEBOAT_PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'an http:// or https:// URL' }),
  /** Addresses or CIDR ranges of reverse proxies whose X-Forwarded-For is believed, separated by commas. */
  LIFEBOAT_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
    ),
})

const workerSettings = shared.extend({
  LIFEBOAT_VANTAGE: z.string().regex(/^[a-z0-9-]{1,40}$/, 'lower-case letters, digits and dashes'),
  LIFEBOAT_WORKER_ID: z.string().min(1).max(100),
  /** JSON file of name → address, used before DNS; absent means DNS alone. */
  LIFEBOAT_HOSTS_FILE: z.string().min(1).optional(),
})

export type ConsoleEnv = z.infer<typeof consoleSettings>
export type WorkerEnv = z.infer<typeof workerSettings>
type Source = Readonly<Record<string, string | undefined>>

/** @throws Error that names every missing or wrong setting, and never its value. */
export function consoleEnv(source: Source = process.env): ConsoleEnv {
  return read(consoleSettings, source)
}

/** @throws Error that names every missing or wrong setting, and never its value. */
export function workerEnv(source: Source = process.env): WorkerEnv {
  return read(workerSettings, source)
}

/** The value behind an `env:NAME` secret reference; undefined when it is not set. */
export function readSecretVariable(name: string): string | undefined {
  return process.env[name]
}

function read<T extends z.ZodType>(schema: T, source: Source): z.infer<T> {
  // An empty variable is an unset one: that is how compose files and unit files leave a setting out.
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(present)
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? '')
    const detail = issue.path.length > 1 ? ` at ${issue.path.slice(1).join('.')}` : ''
    return `${name}${detail}: ${name in present ? issue.message : 'is not set'}`
  })
  throw new Error(`Settings are missing or wrong, so nothing was started:\n  ${wrong.join('\n  ')}`)
}

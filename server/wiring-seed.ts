import { randomBytes, randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { hashPassword, verifyPassword } from 'better-auth/crypto'
import { z } from 'zod'
import { createSecondFactor } from '@/server/adapters/second-factor/totp'
import { appendAudit } from '@/server/db/audit'
import { createDb, type Db } from '@/server/db/client'
import { withTransaction } from '@/server/db/tx'
import type { Actor } from '@/server/domain/actor'
import { hashApiToken, newApiToken } from '@/server/domain/api-token'
import { may, type Role } from '@/server/domain/rights'
import type { Clock } from '@/server/ports/clock'
import type { SecondFactor } from '@/server/ports/second-factor'
import { type Applied, applyConfig } from '@/server/services/config/apply'
import { describeStep } from '@/server/steps/catalog'

/** Who may sign in after a first start: name → role, on every service. */
export const labPeople: Readonly<Record<string, Role>> = {
  viewer: 'viewer',
  operator: 'operator',
  approver: 'approver',
  approver2: 'approver',
  admin: 'admin',
}

const signIn = z.object({
  email: z.string(),
  password: z.string(),
  token: z.string(),
  /** Base32, for whoever may break the glass; asked for there, not at sign-in. */
  totpSecret: z.string().optional(),
})
const access = z.object({ url: z.string(), users: z.record(z.string(), signIn) })
/** The content of `access.json`: the console's URL, and e-mail, password, API token and second factor of each person by name. */
export type Access = z.infer<typeof access>
type SignIn = z.infer<typeof signIn>

export type SeedOptions = {
  /** The control database, migrated; the application's role is enough. */
  databaseUrl: string
  /** `lifeboat.yaml` */
  configPath: string
  publicUrl: string
  /** Where the sign-ins are written, readable by the owner alone. */
  accessPath: string
  /** The console's LIFEBOAT_SECRET; without it nobody gets a second factor. */
  secret?: string
  people?: Readonly<Record<string, Role>>
}

const actor: Actor = { type: 'system', id: 'setup' }
const tokenDays = 365
const dayMs = 86_400_000

/**
 * Makes the people that are missing, with random passwords and tokens, and applies the configuration. A second start keeps the sign-ins that still
 * work; one that does not (a new control database, a lost file) is made anew.
 */
export async function seed(options: SeedOptions): Promise<{ access: Access; applied: Applied[] }> {
  const db = createDb(options.databaseUrl, { max: 2 })
  try {
    const known = await readAccess(options.accessPath)
    const users: Record<string, SignIn> = {}
    for (const [name, role] of Object.entries(options.people ?? labPeople)) {
      const kept = known?.users[name]
      const person = kept && (await works(db, kept)) ? kept : await makePerson(db, name, role)
      const factor = options.secret && may([{ role, service: '*' }], 'run.break-glass', null)
      users[name] = factor ? await withSecondFactor(db, person, createSecondFactor(options.secret ?? '')) : person
    }
    const made: Access = { url: options.publicUrl, users }
    await writeAccess(options.accessPath, made)
    const clock: Clock = { now: () => Date.now(), sleep: () => Promise.resolve() }
    const applied = await applyConfig(
      {
        db,
        clock,
        actor,
        grants: [{ role: 'admin', service: '*' }],
        describeStep,
        enqueueRun: () => Promise.resolve(),
      },
      { document: await readFile(options.configPath, 'utf8'), dryRun: false },
    )
    return { access: made, applied }
  } finally {
    await db.$disconnect()
  }
}

async function readAccess(path: string): Promise<Access | null> {
  try {
    const parsed = access.safeParse(JSON.parse(await readFile(path, 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    // Missing or cut short: the sign-ins are made anew.
    return null
  }
}

async function writeAccess(path: string, content: Access): Promise<void> {
  const written = `${path}.${randomUUID()}`
  await writeFile(written, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  await rename(written, path)
}

/** Whether this person can still sign in both ways. */
async function works(db: Db, who: SignIn): Promise<boolean> {
  const user = await db.user.findUnique({
    where: { email: who.email },
    include: {
      accounts: { where: { providerId: 'credential' } },
      tokens: { where: { hash: hashApiToken(who.token) } },
    },
  })
  const hash = user?.accounts[0]?.password
  const token = user?.tokens[0]
  if (!user || user.disabledAt || !hash || !token || token.revokedAt || token.expiresAt.getTime() <= Date.now())
    return false
  return verifyPassword({ hash, password: who.password })
}

async function makePerson(db: Db, name: string, role: Role): Promise<SignIn> {
  const made: SignIn = {
    email: `${name}@lifeboat.lab`,
    password: randomBytes(15).toString('base64url'),
    token: newApiToken(),
  }
  const password = await hashPassword(made.password)
  const at = new Date()
  await withTransaction(db, async (tx) => {
    const { id } = await tx.user.upsert({
      where: { email: made.email },
      create: { id: randomUUID(), name: displayName(name), email: made.email, emailVerified: true },
      update: {},
    })
    const renewed = await tx.account.updateMany({ where: { userId: id, providerId: 'credential' }, data: { password } })
    if (renewed.count === 0) {
      await tx.account.create({
        data: { id: randomUUID(), accountId: id, providerId: 'credential', userId: id, password },
      })
    }
    await tx.grant.upsert({
      where: { userId_service_role: { userId: id, service: '*', role } },
      create: { userId: id, service: '*', role },
      update: {},
    })
    // The old one is in a file that is gone or no longer true.
    await tx.apiToken.updateMany({ where: { userId: id, name: 'setup', revokedAt: null }, data: { revokedAt: at } })
    const expiresAt = new Date(at.getTime() + tokenDays * dayMs)
    await tx.apiToken.create({
      data: { id: randomUUID(), userId: id, name: 'setup', hash: hashApiToken(made.token), rights: [], expiresAt },
    })
    await appendAudit(tx, {
      at,
      actor,
      action: 'user.set-up',
      subject: `user/${id}`,
      serviceId: null,
      runId: null,
      outcome: 'ok',
      data: { email: made.email, role, service: '*', tokenExpiresAt: expiresAt.toISOString() },
    })
  })
  return made
}

/** A second factor for breaking the glass alone: signing in stays e-mail and password. Kept as it is while the secret in the file still fits. */
async function withSecondFactor(db: Db, who: SignIn, port: SecondFactor): Promise<SignIn> {
  const { id } = await db.user.findUniqueOrThrow({ where: { email: who.email } })
  const row = await db.secondFactor.findUnique({ where: { userId: id } })
  if (row && who.totpSecret && opens(port, id, row.sealedSecret) === who.totpSecret) return who
  const totpSecret = port.newSecret()
  const at = new Date()
  const data = { sealedSecret: port.seal(id, totpSecret), confirmedAt: at, atSignIn: false, lastUsedStep: 0 }
  await withTransaction(db, async (tx) => {
    await tx.secondFactor.upsert({
      where: { userId: id },
      create: { userId: id, ...data },
      update: { ...data, backupHashes: [], failures: 0, failedAt: null },
    })
    const about = { subject: `user/${id}`, serviceId: null, runId: null, outcome: 'ok', data: {} } as const
    await appendAudit(tx, { at, actor, action: 'second-factor.set-up', ...about })
  })
  return { ...who, totpSecret }
}

function opens(port: SecondFactor, userId: string, sealed: string): string | null {
  try {
    return port.open(userId, sealed)
  } catch {
    // Sealed with a process secret that is gone: it can prove nothing any more.
    return null
  }
}

/** `approver2` → `Approver 2` */
function displayName(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`.replace(/(\d+)$/, ' $1')
}

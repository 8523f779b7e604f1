import { randomBytes } from 'node:crypto'
import { appendAudit } from '@/server/db/audit'
import { type Tx, withTransaction } from '@/server/db/tx'
import { failuresAfter, lockedUntil } from '@/server/domain/second-factor'
import type { SecondFactor } from '@/server/ports/second-factor'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { backupHash, lockFactor, proveSecondFactor, spending } from './prove'
import { codeWrong, locked, noneEnrolled } from './refusals'

const backupCodes = 10

/**
 * Begins an enrolment: a secret that proves nothing until its first code was right. Asks for the password again, so that a stolen session cannot give
 * itself a second factor.
 * @throws ServiceError forbidden for an API token or a wrong password; conflict when one is enrolled
 */
export async function beginSecondFactor(
  ctx: Context,
  { password }: { password: string },
): Promise<{ secret: string; uri: string }> {
  const { person, port } = personOf(ctx)
  const account = await ctx.db.account.findFirst({ where: { userId: person.id, providerId: 'credential' } })
  if (!account?.password || !(await port.passwordFits(account.password, password))) throw wrongPassword()
  const secret = port.newSecret()
  await withTransaction(ctx.db, async (tx) => {
    const known = await lockFactor(tx, person.id)
    if (known?.confirmedAt) throw alreadyEnrolled()
    const data = { sealedSecret: port.seal(person.id, secret), lastUsedStep: 0, backupHashes: [] }
    await tx.secondFactor.upsert({ where: { userId: person.id }, create: { userId: person.id, ...data }, update: data })
    await write(ctx, tx, 'second-factor.begin', {})
  })
  return { secret, uri: port.uri(secret, person.email) }
}

/**
 * The first right code makes it count, here and at sign-in.
 * @returns the backup codes, told this once
 * @throws ServiceError second-factor-needed when none was begun, second-factor-wrong, rate-limited, conflict
 */
export async function confirmSecondFactor(
  ctx: Context,
  { code }: { code: string },
): Promise<{ backupCodes: string[] }> {
  const { person } = personOf(ctx)
  const codes = Array.from({ length: backupCodes }, newBackupCode)
  const refused = await withTransaction(ctx.db, async (tx) => {
    const factor = await lockFactor(tx, person.id)
    if (!factor) return noneEnrolled()
    if (factor.confirmedAt) return alreadyEnrolled()
    const at = new Date(ctx.clock.now())
    const until = lockedUntil(factor, at.getTime())
    if (until !== null) return locked((until - at.getTime()) / 1000)
    const spent = spending(ctx, factor, code)
    const where = { userId: person.id }
    if (!spent) {
      await tx.secondFactor.update({ where, data: { failures: failuresAfter(factor, at.getTime()), failedAt: at } })
      return codeWrong()
    }
    const backupHashes = codes.map(backupHash)
    const begun = { confirmedAt: at, atSignIn: true, failures: 0, failedAt: null }
    await tx.secondFactor.update({ where, data: { ...spent.data, ...begun, backupHashes } })
    await write(ctx, tx, 'second-factor.confirm', { backupCodes: codes.length })
    return null
  })
  if (refused) throw refused
  return { backupCodes: codes.map((each) => each.match(/.{5}/g)?.join('-') ?? each) }
}

/** Takes it away, for a code of it. @throws ServiceError as for any use of a code */
export async function removeSecondFactor(ctx: Context, { code }: { code: string }): Promise<void> {
  const { person } = personOf(ctx)
  const attempt = { action: 'second-factor.remove', subject: `user/${person.id}`, serviceId: null, runId: null }
  await auditedAttempt(ctx, attempt, async () => {
    await proveSecondFactor(ctx, code, 'removal')
    await withTransaction(ctx.db, async (tx) => {
      await tx.secondFactor.deleteMany({ where: { userId: person.id } })
      await write(ctx, tx, 'second-factor.remove', {})
    })
  })
}

/** An API token lies in a file somewhere: it may use a code that a person typed, and never enrol one. */
function personOf(ctx: Context): { person: { id: string; email: string }; port: SecondFactor } {
  const { actor, secondFactor } = ctx
  if (actor.type === 'user' && actor.via === 'session' && secondFactor) return { person: actor, port: secondFactor }
  throw new ServiceError(
    'forbidden',
    'A second factor is changed by a person who is signed in, not by an API token.',
    'Nothing was changed.',
    'Sign in to the console and open Account.',
  )
}

/** 100 bits: as a hash it can lie in the database. */
function newBackupCode(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567'
  return Array.from(randomBytes(20), (byte) => letters[byte % letters.length]).join('')
}

async function write(ctx: Context, tx: Tx, action: string, data: { backupCodes?: number }): Promise<void> {
  await appendAudit(tx, {
    at: new Date(ctx.clock.now()),
    actor: ctx.actor,
    action,
    subject: `user/${ctx.actor.id}`,
    serviceId: null,
    runId: null,
    outcome: 'ok',
    data,
  })
}

const wrongPassword = () =>
  new ServiceError('forbidden', 'The password is not right.', 'Nothing was changed.', 'Type your password again.')

const alreadyEnrolled = () =>
  new ServiceError(
    'conflict',
    'You have a second factor already.',
    'It was not changed.',
    'Remove it first, with a code of it, then enrol the new one.',
  )

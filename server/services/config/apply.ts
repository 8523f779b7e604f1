import { appendAudit } from '@/server/db/audit'
import { isUniqueViolation } from '@/server/db/errors'
import { emitEvent } from '@/server/db/events'
import { databaseNow } from '@/server/db/repositories/clock'
import { findActiveRun } from '@/server/db/repositories/runs'
import { type Tx, withTransaction } from '@/server/db/tx'
import { digestOf, toJson } from '@/server/domain/json'
import type { ServiceConfig } from '@/server/domain/service-config'
import { authorise } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'
import { readConfigDocument } from './read-document'

export type Applied = {
  service: string
  change: 'created' | 'changed' | 'unchanged'
  version: number
  digest: string
}

/**
 * Applies `lifeboat.yaml`: all of its services or none. What did not change stays as it is; a service that the document does not name is left alone.
 * `dryRun` says what would change and writes nothing.
 * @throws ServiceError invalid (every error with its line), forbidden, conflict while a run of a changed service is active
 */
export async function applyConfig(ctx: Context, input: { document: string; dryRun: boolean }): Promise<Applied[]> {
  const { services } = readConfigDocument(input.document)
  const ordered = [...services].sort((a, b) => (a.id < b.id ? -1 : 1))
  const attempt = { action: 'config.apply', subject: 'config', serviceId: null, runId: null }
  return auditedAttempt(ctx, attempt, async () => {
    for (const service of ordered) authorise(ctx, 'config.apply', service.id)
    const applying = withTransaction(ctx.db, async (tx) => {
      const changes: Change[] = []
      // Every lease row before any audit entry: the order in which locks are taken.
      for (const config of ordered) changes.push(await compare(tx, config))
      if (!input.dryRun) await write(ctx, tx, changes)
      return changes.map(({ config, digest, version, kind }) => ({ service: config.id, change: kind, version, digest }))
    })
    return await applying.catch((error: unknown) => {
      throw isUniqueViolation(error) ? changedMeanwhile() : error
    })
  })
}

type Change = {
  config: ServiceConfig
  digest: string
  version: number
  kind: Applied['change']
  previousDigest: string | null
}

async function compare(tx: Tx, config: ServiceConfig): Promise<Change> {
  await tx.$queryRaw`SELECT 1 FROM service_lease WHERE service_id = ${config.id} FOR UPDATE`
  const found = await tx.service.findUnique({ where: { id: config.id } })
  const digest = digestOf(config)
  if (!found) return { config, digest, version: 1, kind: 'created', previousDigest: null }
  const previousDigest = found.configDigest
  if (previousDigest === digest) {
    return { config, digest, version: found.configVersion, kind: 'unchanged', previousDigest }
  }
  const active = await findActiveRun(tx, config.id)
  if (active) {
    throw new ServiceError(
      'conflict',
      `Run ${active.id} of ${config.id} is ${active.state}; its plan was built from the configuration as it is.`,
      'Nothing was applied.',
      'Apply it again once the run has ended.',
    )
  }
  return { config, digest, version: found.configVersion + 1, kind: 'changed', previousDigest }
}

/** All rows first, then what tells of them: the audit head is the last lock that is taken. */
async function write(ctx: Context, tx: Tx, changes: readonly Change[]): Promise<void> {
  const real = changes.filter((change) => change.kind !== 'unchanged')
  const at = await databaseNow(tx)
  for (const change of real) await writeRows(ctx, tx, change, at)
  for (const { config, digest, version, previousDigest } of real) {
    const about = { serviceId: config.id, runId: null }
    await emitEvent(tx, { kind: 'service.changed', ...about, data: { configVersion: version } })
    await appendAudit(tx, {
      at,
      actor: ctx.actor,
      action: 'config.apply',
      subject: `service/${config.id}`,
      ...about,
      outcome: 'ok',
      data: { version, digest, previousDigest },
    })
  }
}

async function writeRows(ctx: Context, tx: Tx, change: Change, at: Date): Promise<void> {
  const { config, digest, version, kind, previousDigest } = change
  const document = toJson(config) ?? {}
  const columns = { name: config.name, config: document, configDigest: digest, configVersion: version }
  if (kind === 'created') {
    await tx.service.create({ data: { id: config.id, ...columns, lease: { create: {} } } })
  } else {
    const moved = await tx.service.updateMany({
      where: { id: config.id, configDigest: previousDigest ?? '' },
      data: columns,
    })
    if (moved.count === 0) throw changedMeanwhile()
  }
  await tx.serviceConfigVersion.create({
    data: { serviceId: config.id, version, config: document, digest, appliedBy: ctx.actor, appliedAt: at },
  })
}

function changedMeanwhile(): ServiceError {
  return new ServiceError(
    'conflict',
    'Another configuration of one of these services was applied in this moment.',
    'Nothing was applied.',
    'Compare with what is there now, and apply again.',
  )
}

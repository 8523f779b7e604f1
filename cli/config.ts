import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { readConfigDocument } from '@/server/services/config/read-document'
import { ServiceError } from '@/server/services/errors'
import { withDatabase } from './database'
import { needed, type Options } from './options'
import type { Result } from './output'
import { CommandProblem, exitCodes } from './problem'

/** Reads `lifeboat.yaml` and tells every error with its line; needs nothing else. */
export async function checkConfig([path]: string[]): Promise<Result> {
  const file = needed(path, 'The configuration file')
  const text = await readFile(file, 'utf8')
  const { services } = told(file, () => readConfigDocument(text))
  const names = services.map((service) => service.id)
  return { json: { ok: true, services: names }, text: `${file} is good: ${names.join(', ')}.` }
}

/** Applies it to the control database. Whoever holds that database's credentials administers Lifeboat anyway; the trail names the account. */
export async function applyConfigFile([path]: string[], options: Options): Promise<Result> {
  const file = needed(path, 'The configuration file')
  const document = await readFile(file, 'utf8')
  const dryRun = options['dry-run'] ?? false
  const { applyConfig } = await import('@/server/services/config/apply')
  const { describeStep } = await import('@/server/steps/catalog')
  const applied = await withDatabase((db) =>
    applyConfig(
      {
        db,
        clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
        actor: { type: 'system', id: `cli:${userInfo().username}` },
        grants: [{ role: 'admin', service: '*' }],
        describeStep,
        enqueueRun: () => Promise.resolve(),
      },
      { document, dryRun },
    ).catch((error: unknown) => {
      throw asProblem(file, error)
    }),
  )
  const lines = applied.map((each) => `${each.service}: ${each.change}, version ${each.version}`)
  return {
    json: { dryRun, applied },
    text: `${dryRun ? 'Nothing was applied; this would be so:\n' : ''}${lines.join('\n')}`,
  }
}

function told<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asProblem(file, error)
  }
}

function asProblem(file: string, error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error
  const list = error.errors.map((each) => `\n  ${file}:${each.path.replace('line ', '')}: ${each.message}`).join('')
  const exitCode = error.code === 'invalid' ? exitCodes.notWell : exitCodes.notDone
  return new CommandProblem(`${error.message} ${error.notDone}${list}`, exitCode, { errors: error.errors })
}

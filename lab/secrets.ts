import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { LabPaths } from '@/lab/paths'

const random = () => randomBytes(24).toString('hex')
const accessKeyId = () => `LAB${randomBytes(9).toString('hex').toUpperCase()}`

/** One file each, made once and kept: file name → how it is made. */
const makers = {
  'control-postgres-password': random,
  'control-app-password': random,
  'control-redis-password': random,
  'session-secret': () => randomBytes(32).toString('hex'),
  'agent-token': random,
  'platform-token': random,
  'lab-token': random,
  'cluster-token': random,
  'cache-password': random,
  'database-superuser-password': random,
  'database-replication-password': random,
  'database-monitor-password': random,
  'database-shortener-password': random,
  'store-access-key-id': accessKeyId,
  'store-secret-access-key': random,
  'route53-access-key-id': accessKeyId,
  'route53-secret-access-key': random,
} satisfies Record<string, () => string>

export type SecretName = keyof typeof makers

/** Makes what is missing; nobody but the owner may enter the directory. */
export function ensureSecrets(paths: LabPaths): void {
  mkdirSync(paths.secrets, { recursive: true, mode: 0o700 })
  chmodSync(paths.secrets, 0o700)
  for (const [name, make] of Object.entries(makers)) {
    const file = paths.secret(name)
    if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 })
  }
}

export function secretValue(paths: LabPaths, name: SecretName): string {
  return readFileSync(paths.secret(name), 'utf8').trim()
}

/** How configuration names a secret. */
export function secretReference(paths: LabPaths, name: SecretName): string {
  return `file:${paths.secret(name)}`
}

import { readFile } from 'node:fs/promises'
import type { AgentConfig } from './config'

/** Read once at start; they live in memory and in the password file of PostgreSQL's own user, nowhere else. */
export interface Secrets {
  token: string
  superuserPassword: string
  replicationPassword: string
  monitorPassword: string
}

async function readSecret(path: string): Promise<string> {
  const value = (await readFile(path, 'utf8')).trim()
  if (value.length === 0 || value.includes('\n'))
    throw new Error(`the secret file ${path} must hold one non-empty line`)
  return value
}

export async function readSecrets(config: AgentConfig): Promise<Secrets> {
  const { postgres } = config
  const [token, superuserPassword, replicationPassword, monitorPassword] = await Promise.all([
    readSecret(config.tokenFile),
    readSecret(postgres.superuserPasswordFile),
    readSecret(postgres.replicationPasswordFile),
    readSecret(postgres.monitorPasswordFile),
  ])
  return { token, superuserPassword, replicationPassword, monitorPassword }
}

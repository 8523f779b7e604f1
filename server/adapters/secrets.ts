import { readFileSync } from 'node:fs'
import { Terminal } from '@/server/ports/errors'

/** Turns a reference into its value at the moment of use, so that a rotated secret needs no restart. */
export interface Secrets {
  /** @throws Terminal naming the reference, never the value */
  resolve(reference: string): string
}

/** `environment` is handed in by whoever may read it; `env:NAME` is looked up there, `file:/path` is read without its final newline. */
export function createSecrets(environment: Readonly<Record<string, string | undefined>>): Secrets {
  return {
    resolve(reference) {
      if (reference.startsWith('env:')) {
        const value = environment[reference.slice('env:'.length)]
        if (value) return value
        throw new Terminal('secrets', `${reference} is not set`)
      }
      if (reference.startsWith('file:')) return readSecretFile(reference)
      throw new Terminal('secrets', 'A secret is a reference: env:NAME or file:/absolute/path')
    },
  }
}

function readSecretFile(reference: string): string {
  let text: string
  try {
    text = readFileSync(reference.slice('file:'.length), 'utf8')
  } catch (error) {
    throw new Terminal('secrets', `${reference} cannot be read`, { cause: error })
  }
  const value = text.replace(/\r?\n$/, '')
  if (value === '') throw new Terminal('secrets', `${reference} is empty`)
  return value
}

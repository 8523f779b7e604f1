import { createHash, randomBytes } from 'node:crypto'

/** `lbt_` and 32 random bytes: recognised by secret scanners, and too long to be guessed or to need a slow hash. */
const shape = /^lbt_[A-Za-z0-9_-]{43}$/

export function isApiToken(text: string): boolean {
  return shape.test(text)
}

/** What is kept of a token: SHA-256 over the whole text, in hex. Looking it up by hash compares nothing secret byte by byte. */
export function hashApiToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** A new token; shown once, then only its hash remains. */
export function newApiToken(): string {
  return `lbt_${randomBytes(32).toString('base64url')}`
}

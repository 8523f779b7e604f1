import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { verifyPassword } from 'better-auth/crypto'
import { Secret, TOTP } from 'otpauth'
import type { SecondFactor } from '@/server/ports/second-factor'

const stepMs = 30_000
const version = 'v1'

/** RFC 6238 with what every authenticator takes: SHA-1, six digits, 30 s. Secrets rest under AES-256-GCM with a key drawn from the process secret. */
export function createSecondFactor(processSecret: string): SecondFactor {
  const key = Buffer.from(hkdfSync('sha256', processSecret, 'lifeboat', 'second-factor secrets', 32))
  const totp = (secret: string, label = '') =>
    new TOTP({ issuer: 'Lifeboat', label, secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: 30 })
  return {
    newSecret: () => new Secret({ size: 20 }).base32,
    seal(userId, secret) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(userId))
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return [version, iv, cipher.getAuthTag(), sealed]
        .map((part) => (typeof part === 'string' ? part : part.toString('base64url')))
        .join('.')
    },
    open(userId, text) {
      const [kind, iv, tag, sealed] = text.split('.')
      if (kind !== version || !iv || !tag || !sealed) throw new TypeError('Not a sealed secret')
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), { authTagLength: 16 })
      decipher.setAAD(Buffer.from(userId)).setAuthTag(Buffer.from(tag, 'base64url'))
      return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()]).toString('utf8')
    },
    stepOf(secret, code, nowMs) {
      const delta = totp(secret).validate({ token: code, timestamp: nowMs, window: 1 })
      return delta === null ? null : Math.floor(nowMs / stepMs) + delta
    },
    uri: (secret, account) => totp(secret, account).toString(),
    passwordFits: (hash, password) => verifyPassword({ hash, password }),
  }
}

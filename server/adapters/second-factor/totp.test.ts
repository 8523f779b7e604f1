import { Secret, TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { createSecondFactor } from './totp'

const port = createSecondFactor('a process secret of 32 characters')

describe('codes', () => {
  // RFC 6238, appendix B, SHA-1: the last six of its eight digits.
  const secret = Secret.fromUTF8('12345678901234567890').base32
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_234_567_890, '005924'],
    [20_000_000_000, '353130'],
  ])('of second %i are those of the standard', (second, code) => {
    expect(port.stepOf(secret, code, second * 1000)).toBe(Math.floor(second / 30))
  })

  it('count one step early or late, and no further', () => {
    const at = 1_800_000_000_000
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at })
    const step = at / 30_000
    expect(port.stepOf(secret, code, at + 30_000)).toBe(step)
    expect(port.stepOf(secret, code, at - 30_000)).toBe(step)
    expect(port.stepOf(secret, code, at + 60_000)).toBeNull()
    expect(port.stepOf(secret, code, at - 60_000)).toBeNull()
  })
})

describe('a sealed secret', () => {
  const secret = port.newSecret()
  const sealed = port.seal('user-a', secret)

  it('opens for its person under its process secret, and is different each time', () => {
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(sealed).not.toContain(secret)
    expect(port.open('user-a', sealed)).toBe(secret)
    expect(port.seal('user-a', secret)).not.toBe(sealed)
  })

  it('opens for nobody else, under no other secret, and not when it was changed', () => {
    expect(() => port.open('user-b', sealed)).toThrow()
    expect(() => createSecondFactor('another process secret, 32 letters').open('user-a', sealed)).toThrow()
    const [version, iv, tag] = sealed.split('.')
    expect(() => port.open('user-a', [version, iv, tag, 'AAAA'].join('.'))).toThrow()
    expect(() => port.open('user-a', 'v0.a.b.c')).toThrow('Not a sealed secret')
  })
})

import { describe, expect, it } from 'vitest'
import { type Connection, isTrusted, linkOf } from './connection'

const now = 1_000_000
const state = (over: Partial<Connection> = {}): Connection => ({
  stream: 'open',
  lastEventAt: now,
  lastAnswerAt: now,
  failures: 0,
  ...over,
})

describe('the link to the console', () => {
  it('is live while the stream is open and something was heard', () => expect(linkOf(state(), now)).toBe('live'))
  it('is polling while answers come without the stream', () =>
    expect(linkOf(state({ stream: 'closed' }), now)).toBe('polling'))
  it('is offline after two requests without an answer, whatever the stream says', () =>
    expect(linkOf(state({ failures: 2 }), now)).toBe('offline'))
  it('is offline when a frozen console keeps the stream open and says nothing', () => {
    expect(linkOf(state({ lastAnswerAt: now - 19_999 }), now)).toBe('live')
    expect(linkOf(state({ lastAnswerAt: now - 20_000 }), now)).toBe('offline')
  })
  it('trusts what the server sent with the page until the first answer', () =>
    expect(isTrusted(state({ lastAnswerAt: 0 }), now)).toBe(true))
})

import { describe, expect, it } from 'vitest'
import type { ServiceSummary } from '@/server/queries/dto/service'
import { answerOf } from './answer'

type Answerable = Parameters<typeof answerOf>[0][number]

const service = (name: string, over: Partial<Answerable> = {}): Answerable => ({
  name,
  health: 'ok',
  headline: `${name} is up`,
  readiness: { status: 'ready', sentence: 'Yes: it could within 5 s', findings: [], evaluatedAt: '', expected: null },
  writer: { serverId: 'db', region: 'us-east', since: null, generation: 1, primariesSeen: 1 },
  ...over,
})
const notReady = (status: ServiceSummary['readiness']['status']): Partial<Answerable> => ({
  readiness: { ...service('x').readiness, status },
})

describe('the first sentence', () => {
  it('lets one service speak for itself', () =>
    expect(answerOf([service('Links')])).toBe('Links is up. Ready to fail over: it could within 5 s.'))
  it('never calls an unknown service well', () => {
    const said = answerOf([service('Links', { health: 'unknown' }), service('Mail')])
    expect(said).toContain('Links is not well (worst: unknown)')
    expect(said).not.toContain('All')
  })
  it('names those that could not fail over, unknown ones among them', () => {
    const said = answerOf([service('Links', notReady('unknown')), service('Mail')])
    expect(said).toMatch(/not known: Links\.$/)
  })
  it('puts two writable primaries before anything else', () => {
    const split = service('Links', { writer: { ...service('x').writer, primariesSeen: 2 } })
    expect(answerOf([service('Mail', { health: 'down' }), split])).toMatch(/^Links has two writable primaries/)
  })
})

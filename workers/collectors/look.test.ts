import { describe, expect, it } from 'vitest'
import { Unreachable } from '@/server/ports/errors'
import { realClock } from '@/server/testing/worker-tools'
import { defineLook, timeoutBelow } from './look'

function cacheLook(ask: () => Promise<void>) {
  return defineLook('shortener', 'vantage-a', {
    kind: 'cache',
    subject: 'us-east',
    intervalMs: 1000,
    timeoutMs: 30,
    async ask() {
      await ask()
      return { ok: true, failure: null, facts: { latencyMs: 1 } }
    },
    unanswered: () => null,
  })
}

describe('defineLook', () => {
  it('observes an answer', async () => {
    const seen = await cacheLook(async () => undefined).observe(realClock)
    expect(seen).toMatchObject({
      service: 'shortener',
      vantage: 'vantage-a',
      kind: 'cache',
      subject: 'us-east',
      ok: true,
      failure: null,
      facts: { latencyMs: 1 },
    })
  })

  it('observes a failure, in the adapter’s words', async () => {
    const look = cacheLook(async () => {
      throw new Unreachable('cache us-east', 'cache us-east did not answer')
    })
    expect(await look.observe(realClock)).toMatchObject({
      ok: false,
      failure: 'cache us-east did not answer',
      facts: null,
    })
  })

  it('observes silence by its timeout, and never asks a second question meanwhile', async () => {
    let asked = 0
    let answer: () => void = () => undefined
    const look = cacheLook(() => {
      asked += 1
      return new Promise((resolve) => {
        answer = resolve
      })
    })
    expect(await look.observe(realClock)).toMatchObject({ ok: false, failure: 'No answer within 30 ms' })
    expect(await look.observe(realClock)).toMatchObject({
      ok: false,
      failure: 'Still no answer to an earlier question',
    })
    expect(asked).toBe(1)
    answer()
    const later = look.observe(realClock)
    await realClock.sleep(5)
    answer()
    expect(await later).toMatchObject({ ok: true })
    expect(asked).toBe(2)
  })

  it('gives the time at which it began to ask', async () => {
    const before = Date.now()
    const seen = await cacheLook(() => realClock.sleep(400)).observe(realClock)
    expect(Date.parse(seen.observedAt) - before).toBeLessThan(300)
  })
})

describe('timeoutBelow', () => {
  it.each([
    [1000, 5000, 850],
    [30_000, 5000, 5000],
    [10, 5000, 50],
  ])('an interval of %i ms and a wish for %i ms give %i ms', (interval, wanted, expected) => {
    expect(timeoutBelow(interval, wanted)).toBe(expected)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { grafanaDashboard, prometheusRules } from '@/scripts/observability'
import { lostPrimaryFacts } from '@/server/testing/facts'
import { steadyFacts } from '@/server/testing/steady-facts'
import { decideAlert } from '../alerts/decide'
import { advance, clearMsOf, flappingClearMs, type Track, verdictOf } from '../alerts/track'
import { arithmeticText, rtoArithmetic, ttlFindings } from '../rto-arithmetic'
import { evaluate, limitsProblem, signalStates } from './evaluate'
import { judgeSignal } from './judge'
import { readSignals, type SignalFacts } from './readings'
import { defaultLimits, signalIds, signalOf } from './table'

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })
const limits = fc.tuple(numbers, numbers).map(([a, b]) => ({ warn: Math.min(a, b), critical: Math.max(a, b) }))

describe('evaluate', () => {
  it('is never fine about what is old or not known, whatever the limits', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('above', 'below', 'exactly-one'),
        limits,
        numbers,
        fc.nat(),
        (direction, each, value, more) => {
          expect(evaluate(direction, each, { value: null, ageMs: 0, intervalMs: 10 })).toBe('unknown')
          expect(evaluate(direction, each, { value, ageMs: null, intervalMs: 10 })).toBe('unknown')
          expect(evaluate(direction, each, { value, ageMs: 21 + more, intervalMs: 10 })).toBe('stale')
        },
      ),
    )
    expect(evaluate('above', { warn: 1, critical: 5 }, { value: Number.NaN, ageMs: 0, intervalMs: 10 })).toBe('unknown')
  })

  it('never gets better when the value gets worse', () => {
    const rank = (state: string) => ['ok', 'warn', 'critical'].indexOf(state)
    fc.assert(
      fc.property(limits, numbers, fc.double({ min: 0, max: 1e6, noNaN: true }), (each, value, worse) => {
        const at = (direction: 'above' | 'below', v: number, l = each) =>
          rank(evaluate(direction, l, { value: v, ageMs: 0, intervalMs: 1 }))
        expect(at('above', value + worse)).toBeGreaterThanOrEqual(at('above', value))
        const turned = { warn: each.critical, critical: each.warn }
        expect(at('below', value - worse, turned)).toBeGreaterThanOrEqual(at('below', value, turned))
      }),
    )
  })

  it('is still fine at the limit itself', () => {
    const lag = (value: number) => evaluate('above', { warn: 1, critical: 5 }, { value, ageMs: 0, intervalMs: 1 })
    expect([1, 1.01, 5, 5.01].map(lag)).toEqual(['ok', 'warn', 'warn', 'critical'])
    const primaries = (value: number) =>
      evaluate('exactly-one', { warn: 0, critical: 1 }, { value, ageMs: 0, intervalMs: 1 })
    expect([0, 1, 2, 3].map(primaries)).toEqual(['warn', 'ok', 'critical', 'critical'])
  })
})

describe('the table', () => {
  it.each(signalIds)('%s has defaults that could be set', (id) => {
    const signal = signalOf(id)
    const config = lostPrimaryFacts().config
    if (signal.range)
      for (const each of [signal.limits, defaultLimits(id, config)]) expect(limitsProblem(signal, each)).toBeNull()
    else expect(limitsProblem(signal, signal.limits)).not.toBeNull()
  })
})

describe('what is read', () => {
  const of = (over: Partial<SignalFacts> = {}): SignalFacts => {
    const { config, observations, nowMs } = steadyFacts()
    return { config, observations, nowMs, writerServerId: 'db-us-east', ...over }
  }
  const states = (facts: SignalFacts) =>
    readSignals(facts).map((each) => judgeSignal(each, facts.config, [], facts.nowMs))

  it('has every configured subject, known or not', () => {
    const seen = states(of())
    const blind = states(of({ observations: [] }))
    expect(seen.find((each) => each.signal === 'writable-primaries')).toMatchObject({ value: 1, state: 'ok' })
    expect(blind.length).toBeGreaterThan(5)
    expect(blind.filter((each) => each.state === 'ok')).toEqual([])
  })

  it('says fine of nothing once every source is silent', () => {
    const facts = of()
    const later = { ...facts, nowMs: facts.nowMs + 3_600_000 }
    expect(states(later).filter((each) => !['stale', 'unknown'].includes(each.state))).toEqual([])
  })
})

describe('alerts over time', () => {
  const patience = { heldMs: 60_000, staleAfterMs: 15_000, clearMs: 30_000 }
  const looks = fc.array(fc.constantFrom(...signalStates), { minLength: 1, maxLength: 60 })

  it('never end by what is not known, and never open before held-for', () => {
    fc.assert(
      fc.property(looks, (states) => {
        let track: Track | null = null
        let open: { cause: 'threshold'; severity: 'critical'; state: 'firing' } | null = null
        states.forEach((state, index) => {
          const nowMs = index * 5_000
          track = advance(track, state, nowMs)
          const verdict = verdictOf(track, nowMs, patience)
          const move = decideAlert(open, verdict, track, nowMs, patience.clearMs)
          if (move?.kind === 'resolve') {
            expect(states.slice(Math.max(0, index - 6), index + 1).every((each) => each === 'ok')).toBe(true)
            open = null
          } else if (move?.kind === 'open') {
            if (move.cause === 'threshold') expect(nowMs).toBeGreaterThanOrEqual(patience.heldMs)
            open = { cause: 'threshold', severity: 'critical', state: 'firing' }
          }
        })
      }),
    )
  })

  it('a stale source counts from when it last spoke, and what comes and goes waits longer', () => {
    const track = advance(null, 'stale', 100_000, 80_000)
    expect(verdictOf(track, 100_000, patience)).toBe('not-known')
    expect(clearMsOf(2)).toBe(30_000)
    expect(clearMsOf(3)).toBe(flappingClearMs)
  })
})

describe('the arithmetic', () => {
  it('adds up, counts what was measured, and names a TTL that is too high', () => {
    const { config } = lostPrimaryFacts()
    const sum = rtoArithmetic(config, { history: {} })
    expect(sum.totalSeconds).toBeCloseTo(
      sum.parts.reduce((all, each) => all + (each.seconds ?? 0), 0),
      5,
    )
    const history = { 'postgres.promote-candidate': [2, 4, 3], 'postgres.prove-writable': [1] }
    expect(rtoArithmetic(config, { history }).parts.find((each) => each.part === 'promotion')).toMatchObject({
      seconds: 4,
      source: 'measured',
    })
    const slow = {
      ...config,
      dns: { ...config.dns, ttlSeconds: 3_600 },
      objectives: { ...config.objectives, rtoSeconds: 600 },
    }
    const finding = ttlFindings(rtoArithmetic(slow, { history: {} }))[0]
    expect(finding?.message).toContain(arithmeticText(rtoArithmetic(slow, { history: {} })))
    expect(rtoArithmetic({ ...config, mode: 'automatic' }, { history: {} }).parts[1]?.seconds).toBe(0)
  })
})

describe('what is generated from the table', () => {
  it('has a rule for each state of each signal, in the shape that Prometheus reads', () => {
    const rules = parse(prometheusRules()).groups.flatMap((group: { rules: Record<string, unknown>[] }) => group.rules)
    for (const rule of rules) {
      expect(rule).toMatchObject({
        alert: expect.stringMatching(/^Lifeboat[A-Za-z0-9]+$/),
        expr: expect.any(String),
        for: expect.stringMatching(/^\d+s$/),
      })
    }
    expect(new Set(rules.map((rule: { alert: string }) => rule.alert)).size).toBe(rules.length)
    expect(rules).toHaveLength(signalIds.length * 3 + 3)
    expect(JSON.parse(grafanaDashboard()).panels).toHaveLength(signalIds.length)
  })
})

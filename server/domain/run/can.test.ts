import { describe, expect, it } from 'vitest'
import type { Grant, Role } from '../rights'
import {
  can,
  canRetryStep,
  canSkipStep,
  type Person,
  type RefusalCode,
  type RunFacts,
  type RunVerb,
  runVerbs,
} from './can'
import { runStates, terminalRunStates } from './states'

const nowMs = 1_000_000
const base: RunFacts = {
  service: 'shortener',
  state: 'running',
  requesterId: 'asker',
  expiresAtMs: nowMs + 1,
  request: null,
  direction: 'forward',
  pointOfNoReturnPassed: false,
  failedStep: null,
  deciderIds: [],
}
const person = (role: Role, over: Partial<Person> & { service?: string } = {}): Person => {
  const grants: Grant[] = [{ role, service: over.service ?? '*' }]
  return { id: 'someone', grants, nowMs, ...over }
}

const waiting: Partial<RunFacts> = { state: 'awaiting_approval' }
const table: [RunVerb, Partial<RunFacts>, Person, RefusalCode | 'yes'][] = [
  ['approve', waiting, person('approver'), 'yes'],
  ['approve', waiting, person('admin'), 'yes'],
  ['approve', waiting, person('operator'), 'forbidden'],
  ['approve', waiting, person('approver', { service: 'another' }), 'forbidden'],
  ['approve', waiting, person('admin', { id: 'asker' }), 'own-request'],
  ['approve', { ...waiting, expiresAtMs: nowMs }, person('approver'), 'expired'],
  ['approve', { ...waiting, deciderIds: ['someone'] }, person('approver'), 'conflict'],
  ['approve', { state: 'approved' }, person('approver'), 'wrong-state'],
  ['reject', waiting, person('admin', { id: 'asker' }), 'own-request'],
  ['pause', {}, person('operator'), 'yes'],
  ['pause', {}, person('approver'), 'forbidden'],
  ['pause', { direction: 'backward' }, person('operator'), 'wrong-state'],
  ['pause', { request: 'pause' }, person('operator'), 'conflict'],
  ['pause', { pointOfNoReturnPassed: true }, person('operator'), 'yes'],
  ['resume', { state: 'paused' }, person('operator'), 'yes'],
  ['resume', { state: 'paused', failedStep: 'Promote' }, person('operator'), 'wrong-state'],
  ['abort', {}, person('operator'), 'yes'],
  ['abort', { request: 'pause' }, person('operator'), 'yes'],
  ['abort', { request: 'abort' }, person('operator'), 'conflict'],
  ['abort', { pointOfNoReturnPassed: true }, person('operator'), 'wrong-state'],
  ['abort', { state: 'paused', pointOfNoReturnPassed: true }, person('operator'), 'yes'],
  ['abort', waiting, person('viewer', { id: 'asker' }), 'forbidden'],
  ['abort', waiting, person('approver'), 'forbidden'],
]

describe('can', () => {
  it.each(table)('%s %o', (verb, over, who, expected) => {
    const answer = can(verb, { ...base, ...over }, who)
    expect(answer.code ?? 'yes').toBe(expected)
    expect(answer.allowed).toBe(expected === 'yes')
    expect(answer.reason === null).toBe(expected === 'yes')
  })

  it('allows nothing on a run that has ended, and nothing to a viewer', () => {
    for (const verb of runVerbs) {
      for (const state of terminalRunStates) expect(can(verb, { ...base, state }, person('admin')).allowed).toBe(false)
      for (const state of runStates) expect(can(verb, { ...base, state }, person('viewer')).allowed).toBe(false)
    }
  })

  it('narrows a token to its rights', () => {
    const token: Person = { ...person('admin'), grants: [{ role: 'admin', service: '*', only: ['run.read'] }] }
    expect(can('pause', base, token).code).toBe('forbidden')
  })
})

describe('steps', () => {
  const step = { title: 'Prewarm', state: 'failed', skippable: true } as const
  const paused: RunFacts = { ...base, state: 'paused' }
  it('are retried and skipped only while the run waits for a person', () => {
    for (const decide of [canRetryStep, canSkipStep]) {
      expect(decide(paused, step, person('operator')).allowed).toBe(true)
      expect(decide(base, step, person('operator')).code).toBe('wrong-state')
      expect(decide(paused, { ...step, state: 'succeeded' }, person('operator')).code).toBe('wrong-state')
      expect(decide(paused, step, person('viewer')).code).toBe('forbidden')
    }
  })
  it('are never skipped where others lean on them', () => {
    expect(canSkipStep(paused, { ...step, skippable: false }, person('admin')).allowed).toBe(false)
  })
  it('may be skipped before they began, but not retried', () => {
    expect(canSkipStep(paused, { ...step, state: 'pending' }, person('operator')).allowed).toBe(true)
    expect(canRetryStep(paused, { ...step, state: 'pending' }, person('operator')).allowed).toBe(false)
  })
})

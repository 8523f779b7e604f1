import { describe, expect, it } from 'vitest'
import { runStates } from '@/server/domain/run/states'
import { currentStep, nextStep, stateSentence, type Told } from './state-sentence'

const run = (over: Partial<Told> = {}): Told => ({
  kind: 'failover',
  state: 'running',
  stateReason: null,
  summary: 'Fail over',
  approvals: { given: 1, required: 1 },
  stepsDone: 1,
  stepsTotal: 3,
  direction: 'forward',
  measured: null,
  currentStepKey: '02-b',
  pointOfNoReturnPassed: false,
  plan: {
    steps: [
      { key: '01-a', title: 'Confirm the outage', state: 'succeeded' },
      { key: '02-b', title: 'Fence the old primary', state: 'running' },
      { key: '03-c', title: 'Promote', state: 'pending' },
    ],
  },
  ...over,
})

describe('the sentence of a run', () => {
  it('names the step at work', () => expect(stateSentence(run())).toBe('Fence the old primary: 1 of 3 steps done.'))
  it('says what comes next', () => expect(nextStep(run())?.key).toBe('03-c'))
  it('has no step at work before the start, and the first one next', () => {
    const steps = run().plan.steps.map((step) => ({ ...step, state: 'pending' as const }))
    const waiting = run({ state: 'awaiting_approval', currentStepKey: '01-a', plan: { steps } })
    expect(currentStep(waiting)).toBeNull()
    expect(nextStep(waiting)?.key).toBe('01-a')
  })
  it('has a sentence for each state', () => {
    const said = runStates.map((state) => stateSentence(run({ state, currentStepKey: null })))
    expect(new Set(said).size).toBe(runStates.length)
    for (const sentence of said) expect(sentence).toMatch(/\.$/)
  })
  it.each(['awaiting_approval', 'rejected', 'expired', 'superseded', 'draft'] as const)(
    '%s says that nothing was changed',
    (state) => expect(stateSentence(run({ state }))).toMatch(/Nothing (was|has been) changed/),
  )
  it('does not claim the point of no return was missed when it was passed', () => {
    expect(stateSentence(run({ state: 'failed' }))).toContain('not reached')
    expect(stateSentence(run({ state: 'failed', pointOfNoReturnPassed: true }))).not.toContain('not reached')
  })
})

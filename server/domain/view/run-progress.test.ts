import { describe, expect, it } from 'vitest'
import { stepStates } from '../run/states'
import { currentStep, pointOfNoReturnPassed } from './run-progress'

const steps = [
  { key: 'a', pointOfNoReturn: false },
  { key: 'b', pointOfNoReturn: true },
]

describe('where a run stands', () => {
  it('is past the point of no return once that step was begun, however it ended', () => {
    expect(pointOfNoReturnPassed(steps, (key) => (key === 'a' ? 'succeeded' : 'pending'))).toBe(false)
    for (const state of stepStates.filter((each) => each !== 'pending')) {
      expect(pointOfNoReturnPassed(steps, (key) => (key === 'b' ? state : 'pending'))).toBe(true)
    }
  })

  it('works on one step, or is about to', () => {
    expect(currentStep(steps, () => 'pending', true)).toBe('a')
    expect(currentStep(steps, (key) => (key === 'a' ? 'succeeded' : 'verifying'), true)).toBe('b')
    expect(currentStep(steps, (key) => (key === 'a' ? 'succeeded' : 'failed'), true)).toBe('b')
    expect(currentStep(steps, () => 'succeeded', true)).toBeNull()
    expect(currentStep(steps, () => 'pending', false)).toBeNull()
  })
})

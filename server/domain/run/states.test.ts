import { describe, expect, it } from 'vitest'
import {
  nextState,
  openRunStates,
  runStates,
  runTransitions,
  stepStates,
  stepTransitions,
  type Transition,
  terminalRunStates,
} from './states'

function reachable<S extends string>(table: readonly Transition<S>[], start: S): Set<S> {
  const found = new Set<S>([start])
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const row of table) if (found.has(row.from)) found.add(row.to)
  }
  return found
}

describe('the state tables', () => {
  it('reach every state of a run from draft, and every state of a step from pending', () => {
    expect([...reachable(runTransitions, 'draft')].sort()).toEqual([...runStates].sort())
    expect([...reachable(stepTransitions, 'pending')].sort()).toEqual([...stepStates].sort())
  })

  it('lead from every open state of a run to an end', () => {
    for (const state of openRunStates) {
      const ends = [...reachable(runTransitions, state)].filter((each) => terminalRunStates.includes(each))
      expect(ends, state).not.toEqual([])
    }
  })

  it('name each state and event at most once together, so that the next state is never a choice', () => {
    for (const table of [runTransitions, stepTransitions] as readonly (readonly Transition<string>[])[]) {
      const pairs = table.map((row) => `${row.from} ${row.on}`)
      expect(new Set(pairs).size).toBe(pairs.length)
    }
  })

  it('know no way out of an ended run', () => {
    for (const state of terminalRunStates)
      for (const on of ['start', 'resume', 'approve']) expect(nextState(runTransitions, state, on)).toBeNull()
    expect([...terminalRunStates].sort()).toEqual(
      [
        'aborted',
        'compensated',
        'compensation_failed',
        'expired',
        'failed',
        'rejected',
        'succeeded',
        'superseded',
      ].sort(),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { bandsOf } from './state-bands'

describe('bands of a state', () => {
  it('are as long as the state lasts, and what was not seen is a band of its own', () => {
    expect(bandsOf([3, 3, null, null, 2, 3])).toEqual([
      { state: 3, from: 0, to: 2 },
      { state: null, from: 2, to: 4 },
      { state: 2, from: 4, to: 5 },
      { state: 3, from: 5, to: 6 },
    ])
    expect(bandsOf([])).toEqual([])
  })
})

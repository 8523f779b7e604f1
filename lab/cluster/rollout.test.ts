import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextMove, type RolloutInstance } from '@/lab/cluster/rollout'

const make = (id: number, isCurrent: boolean, isReady: boolean): RolloutInstance => ({
  id: `i${id}`,
  isCurrent,
  isReady,
  startedAt: id,
})

/** Plays a rollout in which a new instance becomes ready one round after its start; calls `see` after each move. */
function play(
  old: number,
  replicas: number,
  maxSurge: number,
  maxUnavailable: number,
  see: (all: RolloutInstance[]) => void,
) {
  let all = Array.from({ length: old }, (_, id) => make(id, false, true))
  for (let round = 0, next = old; round < 200; round += 1) {
    const move = nextMove(all, { replicas, maxSurge, maxUnavailable })
    if (move.start === 0 && move.stop.length === 0 && all.every((one) => one.isReady)) return all
    const kept = all.filter((one) => !move.stop.includes(one.id)).map((one) => ({ ...one, isReady: true }))
    const started = Array.from({ length: move.start }, () => make(next++, true, false))
    all = [...kept, ...started]
    see(all)
  }
  throw new Error('the rollout did not end')
}

describe('a rolling update', () => {
  it('ends with exactly the wanted instances, within its limits all the way', () => {
    const count = fc.integer({ min: 0, max: 12 })
    fc.assert(
      fc.property(count, count, count, count, (old, replicas, surge, unavailable) => {
        const most = Math.max(old, replicas + Math.max(surge, surge + unavailable === 0 ? 1 : 0))
        const least = Math.min(old, replicas - unavailable)
        const end = play(old, replicas, surge, unavailable, (all) => {
          expect(all.length).toBeLessThanOrEqual(most)
          expect(all.filter((one) => one.isReady).length).toBeGreaterThanOrEqual(least)
        })
        expect(end.map((one) => [one.isCurrent, one.isReady])).toEqual(
          Array.from({ length: replicas }, () => [true, true]),
        )
      }),
    )
  })
  it('starts all at once and stops none before one is ready, with a surge of 100 %', () => {
    const old = [1, 2, 3].map((id) => make(id, false, true))
    expect(nextMove(old, { replicas: 3, maxSurge: 3, maxUnavailable: 0 })).toEqual({ start: 3, stop: [] })
    const half = [...old, make(4, true, true), make(5, true, false), make(6, true, false)]
    expect(nextMove(half, { replicas: 3, maxSurge: 3, maxUnavailable: 0 })).toEqual({ start: 0, stop: ['i1'] })
  })
  it('does not take the sick old ones away before there is something better', () => {
    const sick = [make(1, false, false), make(2, false, false), make(3, true, false), make(4, true, false)]
    expect(nextMove(sick, { replicas: 2, maxSurge: 2, maxUnavailable: 0 }).stop).toEqual([])
    const better = sick.map((one) => (one.id === 'i3' ? { ...one, isReady: true } : one))
    expect(nextMove(better, { replicas: 2, maxSurge: 2, maxUnavailable: 0 }).stop).toEqual(['i1'])
  })
  it('scales down the unready and the young first', () => {
    const all = [make(1, true, true), make(2, true, false), make(3, true, true)]
    expect(nextMove(all, { replicas: 1, maxSurge: 0, maxUnavailable: 1 }).stop).toEqual(['i2', 'i3'])
  })
})

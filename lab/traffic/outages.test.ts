import { describe, expect, it } from 'vitest'
import { type Outage, OutageTracker } from '@/lab/traffic/outages'

function tracker() {
  const ended: Outage[] = []
  return { ended, track: new OutageTracker((outage) => ended.push(outage)) }
}

describe('an outage', () => {
  it('lasts from the last good to the first good answer, once it stays good', () => {
    const { ended, track } = tracker()
    track.ok('create', 0, 10)
    track.failed('create', 100, 110)
    track.failed('create', 200, 1_200)
    expect(track.list(1_200)).toEqual([{ from: 10, firstFailedAt: 100, to: null, failedRequests: 2 }])
    track.ok('create', 5_000, 5_020)
    expect(track.list(5_100).map((one) => one.to)).toEqual([null])
    track.ok('create', 6_600, 6_610)
    expect(track.list(6_610)).toEqual([{ from: 10, firstFailedAt: 100, to: 5_020, failedRequests: 2 }])
    expect(ended).toHaveLength(1)
  })

  it('is not over while one kind still fails', () => {
    const { track } = tracker()
    track.failed('create', 100, 110)
    track.failed('follow', 100, 110)
    track.ok('follow', 200, 210)
    expect(track.list(9_000)).toMatchObject([{ from: null, to: null }])
    track.ok('create', 9_000, 9_010)
    expect(track.list(20_000)).toMatchObject([{ to: 9_010 }])
  })

  it('is not a single late failure among good answers', () => {
    const { track } = tracker()
    track.ok('follow', 0, 10)
    track.ok('follow', 200, 210)
    track.failed('follow', 100, 1_100)
    expect(track.list(1_100)).toEqual([])
  })

  it('is not ended by an answer to a request from before it', () => {
    const { track } = tracker()
    track.failed('create', 100, 110)
    track.ok('create', 50, 500)
    expect(track.list(9_000)).toMatchObject([{ to: null }])
  })

  it('goes on when it comes back at once', () => {
    const { track } = tracker()
    track.failed('create', 100, 110)
    track.ok('create', 200, 210)
    track.failed('create', 300, 310)
    track.ok('create', 900, 910)
    expect(track.list(9_000)).toEqual([{ from: null, firstFailedAt: 100, to: 910, failedRequests: 2 }])
    track.failed('create', 9_100, 9_110)
    expect(track.list(9_110)).toHaveLength(2)
  })
})

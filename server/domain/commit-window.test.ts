import { describe, expect, it } from 'vitest'
import { type CommitWindowFact, commitWindowFindings, goingBackLoss } from './commit-window'

const endsAt = '2026-11-23T03:00:00.000Z'
const inTime = Date.parse(endsAt) - 1
const open: CommitWindowFact = {
  runId: 'run',
  fencedServerId: 'db-us-east',
  fencedRegion: 'us-east',
  state: 'open',
  endsAt,
}

describe('what an open window stops', () => {
  it('is whatever would rewind the old primary', () => {
    const [found] = commitWindowFindings(open, 'db-us-east', inTime)
    expect(found).toMatchObject({ code: 'commit-window.open', severity: 'blocker' })
    expect(found?.message).toContain('would give up the way back')
    expect(found?.message).toContain(endsAt)
  })

  it('is nothing once committed, ended, over, for another server, or where there was none', () => {
    expect(commitWindowFindings({ ...open, state: 'committed' }, 'db-us-east', inTime)).toEqual([])
    expect(commitWindowFindings({ ...open, state: 'ended' }, 'db-us-east', inTime)).toEqual([])
    expect(commitWindowFindings(open, 'db-us-east', Date.parse(endsAt))).toEqual([])
    expect(commitWindowFindings(open, 'db-us-west', inTime)).toEqual([])
    expect(commitWindowFindings(null, 'db-us-east', inTime)).toEqual([])
    expect(commitWindowFindings(undefined, 'db-us-east', inTime)).toEqual([])
  })
})

describe('what going back would lose', () => {
  const window = { forkLsn: '0/3000100', forkedAt: '2026-11-22T03:00:00.000Z', writerServerId: 'db-us-west' }

  it('is the WAL since the fork, up to when the position was seen', () => {
    const seen = { currentLsn: '0/3000200', observedAt: '2026-11-22T03:01:30.000Z' }
    expect(goingBackLoss(window, seen)).toMatchObject({
      bytes: 256,
      seconds: 90,
      rows: null,
      observedAt: seen.observedAt,
    })
  })

  it('is unknown, and never zero, while the position is not known or makes no sense', () => {
    expect(goingBackLoss(window, null)).toMatchObject({ bytes: null, seconds: null, observedAt: null })
    const silent = { currentLsn: null, observedAt: '2026-11-22T03:01:30.000Z' }
    expect(goingBackLoss(window, silent)).toMatchObject({ bytes: null, seconds: null })
    const before = { currentLsn: '0/3000000', observedAt: '2026-11-22T03:01:30.000Z' }
    expect(goingBackLoss(window, before)).toMatchObject({ bytes: null, seconds: null })
    expect(goingBackLoss(window, before).words).toContain('Not known')
  })
})

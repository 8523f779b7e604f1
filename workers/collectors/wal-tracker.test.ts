import { describe, expect, it } from 'vitest'
import { agentFacts } from '@/server/testing/facts'
import { createWalTracker } from './wal-tracker'

const second = (n: number) => new Date(Date.UTC(2027, 0, 1, 0, 0, n)).toISOString()
const primary = (over = {}) =>
  agentFacts({
    serverId: 'east',
    role: 'primary',
    currentLsn: '0/3000148',
    receivedLsn: null,
    replayedLsn: null,
    heartbeat: { at: second(10), lsn: '0/3000100', serverId: 'east' },
    ...over,
  })
const standby = (over = {}) =>
  agentFacts({
    serverId: 'west',
    receivedLsn: '0/3000140',
    replayedLsn: '0/3000100',
    heartbeat: { at: second(8), lsn: '0/30000F0', serverId: 'east' },
    ...over,
  })

describe('the WAL tracker', () => {
  it('gives lag in bytes from positions and in time from heartbeats', () => {
    const tracker = createWalTracker('shortener', 2000)
    expect(tracker.take('east', primary(), 1000)).toMatchObject({
      role: 'primary',
      lsn: '0/3000148',
      lagBytes: null,
      lagMs: null,
    })
    expect(tracker.take('west', standby(), 1400)).toMatchObject({
      role: 'standby',
      lsn: '0/3000140',
      lagBytes: 0x48,
      lagMs: 2000,
      heartbeatAt: second(8),
    })
  })

  it('knows no lag while the primary was not seen at about the same time', () => {
    const tracker = createWalTracker('shortener', 2000)
    expect(tracker.take('west', standby(), 1000)).toMatchObject({ lagBytes: null, lagMs: null })
    tracker.take('east', primary(), 1000)
    expect(tracker.take('west', standby(), 3001)).toMatchObject({ lagBytes: null, lagMs: null })
  })

  it('is never negative when the standby was asked later and has caught up', () => {
    const tracker = createWalTracker('shortener', 2000)
    tracker.take('east', primary(), 1000)
    const ahead = standby({
      replayedLsn: '0/3000200',
      heartbeat: { at: second(11), lsn: '0/3000200', serverId: 'east' },
    })
    expect(tracker.take('west', ahead, 1500)).toMatchObject({ lagBytes: 0, lagMs: 0 })
  })

  it('says nothing of a server that said no position, and of lag between two primaries', () => {
    const tracker = createWalTracker('shortener', 2000)
    expect(tracker.take('east', primary({ role: null, currentLsn: null }), 1000)).toBeNull()
    tracker.take('east', primary(), 1000)
    tracker.take('other', primary({ serverId: 'other' }), 1000)
    expect(tracker.take('west', standby(), 1100)).toMatchObject({ lagBytes: null })
  })
})

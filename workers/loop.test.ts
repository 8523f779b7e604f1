import { describe, expect, it } from 'vitest'
import { keptLog, realClock, until } from '@/server/testing/worker-tools'
import { nextDue, startLoop } from './loop'

describe('nextDue', () => {
  it.each([
    ['on time', 1000, 1005, 0, 1970, 2030],
    ['late by less than an interval', 1000, 1900, 0, 1970, 2030],
    ['late by several: none are made up for', 1000, 5500, 0, 5970, 6030],
    ['after the first failure', 1000, 1005, 1, 1255, 1255],
    ['after the third', 1000, 1005, 3, 2005, 2005],
    ['after many: never longer than 2 s', 1000, 1005, 50, 3005, 3005],
  ])('%s', (_title, dueAt, now, failures, from, to) => {
    const next = nextDue(dueAt, now, 1000, failures)
    expect(next).toBeGreaterThanOrEqual(from)
    expect(next).toBeLessThanOrEqual(to)
  })
})

describe('startLoop', () => {
  it('goes on after errors, logs the first, and says when it works again', async () => {
    let rounds = 0
    const log = keptLog()
    const loop = startLoop({
      name: 'test',
      intervalMs: 5,
      round: async () => {
        rounds += 1
        if (rounds <= 2) throw new Error('the control database is away')
      },
      clock: realClock,
      log,
    })
    await until(() => rounds >= 4, 'four rounds')
    await loop.stop()
    expect(log.lines.map((line) => line.message)).toEqual(['a round failed; trying again', 'works again'])
  })

  it('has one round at a time, and stop waits for it', async () => {
    let at = 0
    let most = 0
    let ended = 0
    const loop = startLoop({
      name: 'test',
      intervalMs: 1,
      round: async () => {
        at += 1
        most = Math.max(most, at)
        await realClock.sleep(20)
        at -= 1
        ended += 1
      },
      clock: realClock,
      log: keptLog(),
    })
    await until(() => ended >= 3, 'three rounds')
    await loop.stop()
    const after = ended
    expect(at).toBe(0)
    expect(most).toBe(1)
    await realClock.sleep(30)
    expect(ended).toBe(after)
  })
})

import { describe, expect, it } from 'vitest'
import { measureHandover } from './measure-handover'

const at = (ms: number): string => new Date(Date.parse('2026-11-22T03:00:00.000Z') + ms).toISOString()
const done = {
  stop: { begunAt: at(0), shutdownLsn: '0/5000028' },
  proof: { candidateReplayedLsn: '0/50000A0' },
  promotedAt: at(120),
  writableAt: at(180),
  takenBackAt: null,
}

describe('what a planned handover cost', () => {
  it('is the time from the stop to the first proved write, and exactly no row', () => {
    const measured = measureHandover(done)
    expect(measured).toMatchObject({ rtoSeconds: 0.18, rpo: { certainty: 'exact', bytes: 0, rows: 0, seconds: 0 } })
    expect(measured?.phases.map((each) => [each.phase, each.seconds])).toEqual([
      ['recovery', 0.12],
      ['verification', 0.06],
    ])
    expect(measured?.rpo.note).toContain('0/5000028')
    expect(measured?.rpo.note).toContain('0/50000A0')
  })

  it('is the time until the old primary wrote again when it was taken back', () => {
    const measured = measureHandover({
      ...done,
      proof: null,
      promotedAt: null,
      writableAt: null,
      takenBackAt: at(4_200),
    })
    expect(measured).toMatchObject({ rtoSeconds: 4.2, rpo: { certainty: 'exact', bytes: 0 } })
    expect(measured?.rpo.note).toContain('nothing was promoted')
  })

  it('is not known while writes are still held, nor zero loss without the proof', () => {
    expect(measureHandover({ ...done, writableAt: null })).toBeNull()
    expect(measureHandover({ ...done, proof: null })).toBeNull()
  })

  it('is never negative when another clock finished it', () => {
    expect(measureHandover({ ...done, writableAt: at(-50) })?.rtoSeconds).toBe(0)
  })
})

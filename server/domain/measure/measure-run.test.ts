import { describe, expect, it } from 'vitest'
import { type MeasureFacts, measureRpo, measureRun } from './measure-run'

const at = (seconds: number): string => new Date(Date.parse('2026-11-22T03:00:00.000Z') + seconds * 1000).toISOString()

/** The reference incident of the mission: 30 s detection, 30 s notification, 60 s response, 360 s recovery, 120 s verification. */
const reference: MeasureFacts = {
  incident: { lastGoodAt: at(0), openedAt: at(10), confirmedAt: at(30), acknowledgedAt: at(60) },
  run: { requestedAt: at(90), approvedAt: at(120), startedAt: at(121), endedAt: at(480) },
  firstGoodAt: at(600),
  verifiedAt: at(480),
  probeIntervalMs: 1000,
  edgeGapSeconds: 0.4,
  rpo: { primaryLsnGapBytes: 72, heartbeatGapSeconds: 0.5, boundSeconds: 1.2, divergence: null },
}

describe('measureRun', () => {
  it('measures from the last good to the first good observation, in phases that add up', () => {
    const measured = measureRun(reference)
    expect(measured.rtoSeconds).toBe(600)
    expect(measured.rtoUncertaintySeconds).toBe(1)
    expect(measured.phases.map((each) => each.seconds)).toEqual([30, 30, 60, 360, 120])
    expect(measured.phases.reduce((sum, each) => sum + (each.seconds ?? 0), 0)).toBe(measured.rtoSeconds)
  })

  it('is less certain when the looks at its edges came late', () => {
    expect(measureRun({ ...reference, edgeGapSeconds: 2.5 }).rtoUncertaintySeconds).toBe(2.5)
    expect(measureRun({ ...reference, edgeGapSeconds: null }).rtoUncertaintySeconds).toBe(1)
  })

  it('says nothing about what it does not know', () => {
    const measured = measureRun({ ...reference, firstGoodAt: null })
    expect(measured.rtoSeconds).toBeNull()
    expect(measured.phases.at(-1)?.seconds).toBeNull()
    expect(measureRun({ ...reference, incident: { ...reference.incident, lastGoodAt: null } }).rtoSeconds).toBeNull()
  })

  it('never lets a phase last less than nothing, however the instants fall', () => {
    const early = measureRun({
      ...reference,
      run: { ...reference.run, requestedAt: at(5) },
      incident: { ...reference.incident, acknowledgedAt: null },
    })
    expect(early.phases.map((each) => each.seconds).every((seconds) => seconds === null || seconds >= 0)).toBe(true)
    expect(early.phases.reduce((sum, each) => sum + (each.seconds ?? 0), 0)).toBe(600)
  })
})

describe('measureRpo', () => {
  it('is a bound until the old primary can be read', () => {
    expect(measureRpo(reference.rpo)).toMatchObject({ certainty: 'bounded', bytes: 72, seconds: 1.2, rows: null })
  })

  it('is unknown when the primary was never seen', () => {
    expect(
      measureRpo({ primaryLsnGapBytes: null, heartbeatGapSeconds: null, boundSeconds: null, divergence: null }),
    ).toMatchObject({ certainty: 'unknown', bytes: null, seconds: null })
  })

  it('becomes exact from the old WAL, and keeps the earlier figure beside it', () => {
    const tables = [{ table: 'public.links', inserted: 7, updated: 0, deleted: 1 }]
    const exact = measureRpo({
      ...reference.rpo,
      divergence: { bytes: 900, transactions: 8, seconds: 0.4, complete: true, tables },
    })
    expect(exact).toMatchObject({
      certainty: 'exact',
      bytes: 900,
      rows: 8,
      transactions: 8,
      seconds: 0.4,
      earlier: { certainty: 'bounded', seconds: 1.2, bytes: 72 },
    })
    expect(
      measureRpo({
        ...reference.rpo,
        divergence: { bytes: 900, transactions: 8, seconds: 0.4, complete: false, tables },
      }).certainty,
    ).toBe('bounded')
  })
})

import { describe, expect, it } from 'vitest'
import type { Finding } from '../finding'
import type { LossStatement, Plan } from '../plan/types'
import { judgeReadiness, lossText } from './readiness'

const loss: LossStatement = {
  certainty: 'bounded',
  primaryLsn: '0/2',
  primaryLsnAt: null,
  candidateLsn: '0/1',
  candidateLsnAt: null,
  bytes: 2048,
  seconds: 0.4,
  beyond: '',
}
const end = { region: 'us-east', serverId: 'db-east-1', systemIdentifier: '7', timeline: 1 }
const plan = (findings: Finding[]): Plan => ({
  schema: 1,
  service: 'shortener',
  kind: 'failover',
  summary: '',
  inputs: {},
  builtAt: '',
  configDigest: '',
  from: end,
  to: end,
  incidentId: null,
  steps: [],
  findings,
  overrides: [],
  expected: { rtoSeconds: { low: 12, high: 240 }, parts: [], loss },
})
const finding = (code: string, severity: Finding['severity']): Finding => ({
  code,
  severity,
  message: `It is ${code}.`,
  remedy: '',
  observedAt: null,
  stepId: null,
})
const names = { from: 'US East', to: 'US West' }

describe('judgeReadiness', () => {
  it('is ready with warnings, and says in what time and at what loss', () => {
    const found = judgeReadiness(plan([finding('dns.record-api', 'warning')]), names)
    expect(found.status).toBe('ready')
    expect(found.sentence).toBe(
      'Yes: if US East died now, US West would take over within 12 s to 4 min of machine time, and would lose 0.4 s of writes (2.0 KiB) up to the last sight of the primary.',
    )
  })

  it('is not ready with a blocker', () => {
    const found = judgeReadiness(
      plan([finding('replication.broken', 'blocker'), finding('candidate.unreachable', 'blocker')]),
      names,
    )
    expect(found).toMatchObject({ status: 'not-ready', sentence: 'No: It is replication.broken. And 1 more.' })
  })

  it('is unknown, not ready and not broken, when all that is wrong is that nobody looked', () => {
    expect(judgeReadiness(plan([finding('candidate.unreachable', 'blocker')]), names).status).toBe('unknown')
    expect(judgeReadiness(null, names).status).toBe('unknown')
  })

  it('never calls an unknown loss nothing', () => {
    expect(lossText({ ...loss, certainty: 'unknown', bytes: 0, seconds: 0 })).toBe('an unknown amount of writes')
    expect(lossText({ ...loss, bytes: null, seconds: null })).toBe('an unknown amount of writes')
    expect(lossText({ ...loss, bytes: 0 })).toBe('nothing up to the last sight of the primary')
    expect(lossText({ ...loss, certainty: 'exact', bytes: 0 })).toBe('nothing')
  })
})

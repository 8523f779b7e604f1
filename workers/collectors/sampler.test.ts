import { describe, expect, it } from 'vitest'
import type { Sample } from '@/server/domain/series/catalogue'
import { primaryFacts } from '@/server/testing/steady-facts'
import { keptLog, realClock, until } from '@/server/testing/worker-tools'
import { startSampler } from './sampler'

const at = '2026-11-22T03:00:00.000Z'
const sample: Sample = { service: 's', metric: 'cache.latency-ms', subject: 'x', at, value: 1 }

describe('the sampler', () => {
  it('keeps what could not be written and writes it later, and the rest when it stops', async () => {
    let away = true
    const written: Sample[] = []
    const write = async (samples: Sample[]) => {
      if (away) throw new Error('connection refused')
      written.push(...samples)
    }
    const log = keptLog()
    const sampler = startSampler({ write, clock: realClock, log })
    sampler.add([sample])
    await until(() => log.lines.length > 0, 'the failure is logged')
    away = false
    await until(() => written.length === 1, 'it is written')
    sampler.add([{ ...sample, subject: 'y' }])
    await sampler.stop()
    expect(written.map((each) => each.subject)).toEqual(['x', 'y'])
  })

  it('takes the WAL rate from two answers of one history, and the skew from the middle of the way', async () => {
    const written: Sample[] = []
    const write = async (samples: Sample[]) => void written.push(...samples)
    const sampler = startSampler({ write, clock: realClock, log: keptLog() })
    const from = Date.parse(at)
    const answer = (seconds: number, currentLsn: string, bootId = 'boot-1') => {
      const observedAt = new Date(from + seconds * 1_000 + 250).toISOString()
      const facts = primaryFacts({ bootId, currentLsn, observedAt })
      sampler.addAnswer('s', 'db', facts, from + seconds * 1_000, from + seconds * 1_000 + 100)
    }
    answer(0, '0/3000000')
    answer(2, '0/3000800')
    answer(4, '0/9000000', 'boot-2')
    await sampler.stop()
    const of = (metric: Sample['metric']) => written.filter((each) => each.metric === metric).map((each) => each.value)
    expect(of('postgres.wal-rate')).toEqual([1024])
    expect(of('host.clock-skew-ms')).toEqual([200, 200, 200])
  })
})

import { describe, expect, it } from 'vitest'
import type { Observation } from '@/server/domain/observation'
import type { ObservationBatch } from '@/server/services/observations/record'
import { seenBy } from '@/server/testing/facts'
import { keptLog, until } from '@/server/testing/worker-tools'
import { createRecorder } from './recorder'

const seen = (subject: string): Observation => seenBy('cache', subject, 'vantage-a', true, { latencyMs: 1 })
const probed = (subject: string): Observation => {
  const facts = { status: 200, latencyMs: 1, failure: null, address: null, consecutiveFailures: 0 }
  return seenBy('endpoint', subject, 'vantage-a', true, facts)
}

function recording(write: (batch: ObservationBatch) => Promise<void>) {
  const told: string[][] = []
  const log = keptLog()
  const recorder = createRecorder({ write, onProbed: (services) => told.push([...services]), log })
  return { recorder, told, log }
}

describe('the recorder', () => {
  it('writes looks that end together in one batch, then tells', async () => {
    const batches: string[][] = []
    const { recorder, told } = recording(async (batch) => {
      batches.push(batch.observations.map((each) => each.subject))
    })
    recorder.add(seen('a'))
    recorder.add(probed('b'))
    await until(() => told.length === 1, 'written')
    expect(batches).toEqual([['a', 'b']])
    expect(told).toEqual([['shortener']])
    await recorder.close()
  })

  it('writes what is no probe by itself, and tells nobody', async () => {
    let written = 0
    const { recorder, told } = recording(async (batch) => {
      written += batch.observations.length
    })
    recorder.add(seen('a'))
    await until(() => written === 1, 'written')
    expect(told).toEqual([])
    await recorder.close()
  })

  it('keeps what could not be written, in order, and writes it later', async () => {
    let away = true
    const written: string[] = []
    const { recorder, log } = recording(async (batch) => {
      if (away) throw new Error('connection refused')
      written.push(...batch.observations.map((each) => each.subject))
    })
    recorder.add(seen('a'))
    await until(() => log.lines.length === 1, 'the failure is logged')
    recorder.add(seen('b'))
    away = false
    await until(() => written.length === 2, 'both are written')
    expect(written).toEqual(['a', 'b'])
    await recorder.close()
  })

  it('writes the rest when it closes', async () => {
    const written: string[] = []
    const { recorder } = recording(async (batch) => {
      written.push(...batch.observations.map((each) => each.subject))
    })
    recorder.add(seen('last'))
    await recorder.close()
    expect(written).toEqual(['last'])
  })
})

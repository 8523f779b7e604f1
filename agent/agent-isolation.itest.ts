import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bench, closeBench, openBench, openPair, type TestHost } from './test-bench'

/** Short enough for a test, long enough for two cores. */
const selfFenceAfterMs = 3_000
const runId = 'run-isolation'
let bench: Bench
let east: TestHost
let west: TestHost
let system: string

beforeAll(async () => {
  bench = await openBench()
  ;[east, west] = await openPair(bench, { selfFenceAfterMs })
  await east.until((seen) => seen.sight.standbySeenAt !== null)
  system = (await east.observe()).systemIdentifier ?? ''
})
afterAll(() => closeBench(bench))

const ms = (instant: string | null) => (instant === null ? 0 : Date.parse(instant))

describe('an isolated primary', () => {
  it('goes on without the control plane as long as a standby sees it', async () => {
    const begun = Date.now()
    // Requests arrive, but no nonce ever comes back: the control plane does not count as seen.
    const seen = await east.until(
      (now) => now.state !== 'running' || ms(now.sight.standbySeenAt) > begun + 2 * selfFenceAfterMs,
    )
    expect(seen).toMatchObject({ role: 'primary', acceptsWrites: true, fence: null })
    expect(seen.sight.controlSeenAt).toBeNull()
  })

  it('goes on without a standby as long as the control plane sees it', async () => {
    await east.observe({ echo: true })
    await west.killEverything()
    const begun = Date.now()
    const seen = await east.until(
      (now) => now.state !== 'running' || ms(now.sight.controlSeenAt) > begun + 2 * selfFenceAfterMs,
      true,
    )
    expect(seen).toMatchObject({ role: 'primary', acceptsWrites: true, fence: null })
    expect(ms(seen.sight.standbySeenAt)).toBeLessThan(begun + 1_000)
  })

  it('stops itself in time when it sees neither, although requests still arrive', async () => {
    const last = await east.observe({ echo: true })
    const promised = ms(last.sight.selfFenceAt)
    const seen = await east.until((now) => now.state === 'stopped')
    expect(ms(seen.observedAt)).toBeLessThan(promised + 1_500)
    expect(ms(seen.observedAt)).toBeGreaterThan(promised - selfFenceAfterMs / 2)
    expect(seen).toMatchObject({ standbySignal: true, fence: { reason: 'self-fence', runId: null } })
    expect(east.processes()).toEqual([])
  })

  it('stays read-only over a restart, and only unfence lifts it', async () => {
    await east.killEverything()
    await east.startAgent()
    await east.until((seen) => seen.state === 'running' && seen.role === 'standby')
    const word = { generation: 1, writerServerId: 'db-east-1', timeline: 1, systemIdentifier: system }
    expect(await east.call('assertWriter', word)).toEqual({ role: 'standby', changed: false })
    const unfenced = await east.call('unfence', { generation: 1, runId, expectSystemIdentifier: system })
    expect(unfenced).toMatchObject({ role: 'primary', fence: null })
    // Made writable by order, it counts anew; and being seen keeps it.
    await east.until((seen) => seen.acceptsWrites === true, true)
    const begun = Date.now()
    const later = await east.until((seen) => ms(seen.observedAt) > begun + selfFenceAfterMs, true)
    expect(later).toMatchObject({ role: 'primary', acceptsWrites: true })
  })
})

describe('a primary that hears of another writer', () => {
  it('believes only a newer generation, and then stops at once', async () => {
    await east.until((seen) => seen.acceptsWrites === true, true)
    const word = { generation: 1, writerServerId: 'db-west-1', timeline: 2, systemIdentifier: system }
    expect(await east.call('assertWriter', word)).toEqual({ role: 'primary', changed: false })
    expect(await east.call('assertWriter', { ...word, generation: 2 })).toEqual({ role: null, changed: true })
    expect(east.processes()).toEqual([])
    expect(await east.observe()).toMatchObject({
      state: 'stopped',
      standbySignal: true,
      fence: { reason: 'superseded' },
    })
  })
})

describe('a primary that nobody follows', () => {
  it('does not stop for losing the control plane: nobody could take over from it', async () => {
    await west.startAgent()
    await west.until((seen) => seen.state === 'running' && seen.role === 'standby')
    await west.call('promote', { generation: 3, runId, expectSystemIdentifier: system, deadlineMs: 30_000 })
    const begun = Date.now()
    const later = await west.until(
      (seen) => seen.state !== 'running' || ms(seen.observedAt) > begun + 2 * selfFenceAfterMs,
    )
    expect(later).toMatchObject({ role: 'primary', acceptsWrites: true, fence: null })
    expect(later.sight).toMatchObject({ controlSeenAt: null, selfFenceAt: null })
  })
})

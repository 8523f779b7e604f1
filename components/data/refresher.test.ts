import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRefresher } from './refresher'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A reader whose readings end when the test says so. */
function reader() {
  const reads: string[] = []
  const ends: (() => void)[] = []
  const read = (key: readonly string[]) => {
    reads.push(key.join('/'))
    return new Promise<void>((resolve) => ends.push(resolve))
  }
  return { reads, ends, read }
}

describe('answering hints', () => {
  it('answers those of one moment together', async () => {
    const { reads, read } = reader()
    const refresher = createRefresher(read, 250)
    for (let times = 0; times < 5; times += 1) refresher.touch(['services'])
    refresher.touch(['runs'])
    await vi.advanceTimersByTimeAsync(250)
    expect(reads).toEqual(['services', 'runs'])
  })

  it('never reads a key twice at once, and reads it once more when hints came meanwhile', async () => {
    const { reads, ends, read } = reader()
    const refresher = createRefresher(read, 250)
    refresher.touch(['services'])
    await vi.advanceTimersByTimeAsync(250)
    for (let times = 0; times < 20; times += 1) {
      refresher.touch(['services'])
      await vi.advanceTimersByTimeAsync(300)
    }
    expect(reads).toHaveLength(1)
    ends[0]?.()
    await vi.advanceTimersByTimeAsync(300)
    expect(reads).toHaveLength(2)
    ends[1]?.()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(reads).toHaveLength(2)
  })

  it('reads nothing after it was stopped', async () => {
    const { reads, read } = reader()
    const refresher = createRefresher(read, 250)
    refresher.touch(['services'])
    refresher.stop()
    refresher.touch(['runs'])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(reads).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { keptLog } from '@/server/testing/worker-tools'
import { createRunRegistry } from './run-registry'

function held() {
  const started: string[] = []
  let release: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const execute = async (runId: string) => {
    started.push(runId)
    await gate
  }
  return { started, execute, release: () => release() }
}

describe('the run registry', () => {
  it('leads a run once, whoever brings it, and again after it has ended', async () => {
    const run = held()
    const registry = createRunRegistry(run.execute, keptLog())
    const both = [registry.execute('run_1'), registry.execute('run_1'), registry.execute('run_2')]
    expect(run.started).toEqual(['run_1', 'run_2'])
    expect(registry.active()).toBe(2)
    run.release()
    await Promise.all(both)
    expect(registry.active()).toBe(0)
    await registry.execute('run_1')
    expect(run.started).toEqual(['run_1', 'run_2', 'run_1'])
  })

  it('never rejects, and takes the run up again after an error', async () => {
    let calls = 0
    const log = keptLog()
    const registry = createRunRegistry(async () => {
      calls += 1
      throw new Error('lost the lease')
    }, log)
    await registry.execute('run_1')
    await registry.execute('run_1')
    expect(calls).toBe(2)
    expect(log.lines.every((line) => line.level === 'error')).toBe(true)
  })

  it('takes nothing more while it drains, and says whether all ended', async () => {
    const run = held()
    const registry = createRunRegistry(run.execute, keptLog())
    const first = registry.execute('run_1')
    expect(await registry.drain(20)).toBe(false)
    await registry.execute('run_2')
    expect(run.started).toEqual(['run_1'])
    run.release()
    await first
    expect(await registry.drain(20)).toBe(true)
  })
})

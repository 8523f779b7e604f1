import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { checkPorts, wantedAddresses } from '@/lab/port-check'
import { LabProblem, readSettings } from '@/lab/settings'

const settings = { ...readSettings({}), net: 62, consolePort: 3_262 }
const wanted = wantedAddresses(settings, true)
const server = createServer()

const occupy = (host: string, port: number) => new Promise<void>((resolve) => server.listen(port, host, resolve))
const problem = async () => {
  const error = await checkPorts(wanted).then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(LabProblem)
  return error instanceof LabProblem ? error.message : ''
}

afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())))

describe('the port check', () => {
  it('lets a lab start where everything is free', async () => {
    await expect(checkPorts(wanted)).resolves.toBeUndefined()
  })

  it('names the port of the console and the setting that moves it', async () => {
    await occupy('127.0.0.1', 3_262)
    const message = await problem()
    expect(message).toContain('127.0.0.1:3262 (console)')
    expect(message).toContain('LIFEBOAT_PORT=3263')
  })

  it('names what of the lab is taken and the setting that moves all of it', async () => {
    await occupy('127.62.0.1', 15_432)
    const message = await problem()
    expect(message).toContain('127.62.0.1:15432 (control database)')
    expect(message).toContain('LIFEBOAT_LAB_NET')
  })

  it('knows each address once', () => {
    expect(new Set(wanted.map((one) => `${one.host}:${one.port}`)).size).toBe(wanted.length)
  })
})

describe('settings', () => {
  it('says which variable is wrong', () => {
    expect(() => readSettings({ LIFEBOAT_LAB_NET: '0' })).toThrow(/LIFEBOAT_LAB_NET/)
    expect(() => readSettings({ LIFEBOAT_LAB_INSTANCES: 'many' })).toThrow(/LIFEBOAT_LAB_INSTANCES/)
    expect(readSettings({ LIFEBOAT_LAB_INSTANCES: '3/1', LIFEBOAT_PORT: '' })).toMatchObject({
      primaryInstances: 3,
      standbyInstances: 1,
      consolePort: 3210,
    })
  })
})

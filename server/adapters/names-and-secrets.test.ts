import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Terminal } from '@/server/ports/errors'
import { createNames } from './names'
import { createSecrets } from './secrets'

const directory = mkdtempSync(join(tmpdir(), 'lifeboat-names-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('names', () => {
  const file = join(directory, 'hosts.json')

  it('follow the file as it changes, and survive a broken one', () => {
    const names = createNames(file)
    expect(names.lookup('db.lab')).toBe('db.lab')
    writeFileSync(file, '{"db.lab": "127.66.1.11"}')
    expect(names.lookup('db.lab')).toBe('127.66.1.11')
    expect(names.lookup('DB.lab')).toBe('127.66.1.11')
    writeFileSync(file, '{"db.lab": "127.66.1')
    expect(names.lookup('db.lab')).toBe('127.66.1.11')
    writeFileSync(file, '{"db.lab": "127.66.2.11"}')
    expect(names.lookup('db.lab')).toBe('127.66.2.11')
    expect(names.lookup('127.0.0.1')).toBe('127.0.0.1')
  })

  it('answer sockets in both of the forms that they ask in', async () => {
    const names = createNames(file)
    const one = await new Promise((resolve) => names.socketLookup('db.lab', {}, (...answer) => resolve(answer)))
    const all = await new Promise((resolve) =>
      names.socketLookup('db.lab', { all: true }, (...answer) => resolve(answer)),
    )
    expect(one).toEqual([null, '127.66.2.11', 4])
    expect(all).toEqual([null, [{ address: '127.66.2.11', family: 4 }]])
  })
})

describe('secrets', () => {
  const secrets = createSecrets({ TOKEN: 'hush', EMPTY: '' })

  it('are read where the reference says', () => {
    writeFileSync(join(directory, 'secret'), 'quiet\n')
    expect(secrets.resolve('env:TOKEN')).toBe('hush')
    expect(secrets.resolve(`file:${directory}/secret`)).toBe('quiet')
    writeFileSync(join(directory, 'secret'), 'rotated')
    expect(secrets.resolve(`file:${directory}/secret`)).toBe('rotated')
  })

  it.each(['env:MISSING', 'env:EMPTY', 'file:/nowhere/at/all', 'hush'])(
    'fail by reference, never by value: %s',
    (reference) => {
      const outcome = (() => {
        try {
          return secrets.resolve(reference)
        } catch (error) {
          return error
        }
      })()
      expect(outcome).toBeInstanceOf(Terminal)
      expect(String(outcome)).not.toContain('hush')
    },
  )
})

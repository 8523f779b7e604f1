import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { testConfig } from '@/server/testing/facts'
import { ServiceError } from '../errors'
import { readConfigDocument } from './read-document'

const good = stringify({ version: 1, services: [testConfig()] })

function errorsOf(text: string): { path: string; message: string }[] {
  try {
    readConfigDocument(text)
  } catch (error) {
    if (error instanceof ServiceError) return error.errors
    throw error
  }
  return []
}
/** The line, counted from 1, on which this text first stands. */
const lineOf = (text: string, part: string) => `line ${text.split('\n').findIndex((line) => line.includes(part)) + 1}`

describe('readConfigDocument', () => {
  it('reads a good document', () => {
    expect(readConfigDocument(good).services[0]?.id).toBe('shortener')
  })

  it('tells every error with its line and reason', () => {
    const text = good.replace('mode: manual', 'mode: often').replace('quorum: 2', 'quorum: 0')
    const errors = errorsOf(text)
    expect(errors.map((each) => each.path)).toEqual([lineOf(text, 'mode: often'), lineOf(text, 'quorum: 0')])
    expect(errors[0]?.message).toContain('services[0].mode')
  })

  it('points at the parent of what is missing', () => {
    const text = good.replace(/^ *zoneId: .*\n/m, '')
    expect(errorsOf(text)).toEqual([
      { path: lineOf(text, 'name: go.test'), message: expect.stringContaining('zoneId') },
    ])
  })

  it('refuses misspelt keys instead of taking the default', () => {
    const text = good.replace('approvalsRequired: 1', 'approvalRequired: 2')
    expect(errorsOf(text)).toEqual([
      { path: lineOf(text, 'approvalRequired'), message: 'services[0].policies.approvalRequired is not known' },
    ])
  })

  it('sees what no single field shows', () => {
    const text = good.replace('quorum: 2', 'quorum: 3').replace('initialRole: standby', 'initialRole: primary')
    expect(
      errorsOf(text)
        .map((each) => each.message)
        .join(),
    ).toMatch(/exactly one region.*3 vantage points/)
  })

  it('refuses a secret that is a value', () => {
    expect(
      errorsOf(good.replace('passwordRef: env:PASSWORD', 'passwordRef: hunter2')).map((each) => each.message),
    ).toEqual([expect.stringContaining('reference')])
  })

  it.each([
    ['a tab', 'version: 1\n\tservices: []'],
    ['a key twice', 'version: 1\nversion: 1\n'],
    ['nothing', ''],
    ['a list', '- 1'],
    [
      'an anchor that unfolds',
      `a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]`,
    ],
  ])('refuses %s', (_title, text) => {
    expect(errorsOf(text).length).toBeGreaterThan(0)
  })
})

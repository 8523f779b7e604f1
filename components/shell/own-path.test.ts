import { describe, expect, it } from 'vitest'
import { ownPath } from './own-path'

describe('where to go after signing in', () => {
  it.each(['/', '/runs/run_1', '/services/links/failover', '/audit?action=run.approve#row'])('keeps %s', (path) =>
    expect(ownPath(path)).toBe(path),
  )
  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/',
    'javascript:alert(1)',
    '/\t/evil.example',
    '/..//evil.example',
    '/sign-in?next=/',
    '/api/v1/me',
    '',
    undefined,
    ['/runs'],
  ])('refuses %s', (path) => expect(ownPath(path)).toBe('/'))
})

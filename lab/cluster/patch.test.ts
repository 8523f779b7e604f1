import { describe, expect, it } from 'vitest'
import { jsonPatch, mergePatch, strategicMerge } from '@/lab/cluster/patch'
import { matchesSelector } from '@/lab/cluster/pods'

const target = {
  replicas: 2,
  template: {
    containers: [
      {
        name: 'a',
        env: [
          { name: 'X', value: '1' },
          { name: 'Y', value: '2' },
        ],
      },
    ],
  },
}

it('merge patch replaces lists and removes by null', () => {
  expect(mergePatch(target, { replicas: null, template: { containers: [] } })).toEqual({ template: { containers: [] } })
})

describe('strategic merge patch', () => {
  it('merges containers and variables by name', () => {
    const patch = {
      template: {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'Y', value: '3' },
              { name: 'Z', value: '4' },
            ],
          },
        ],
      },
    }
    expect(strategicMerge(target, patch)).toEqual({
      replicas: 2,
      template: {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'X', value: '1' },
              { name: 'Y', value: '3' },
              { name: 'Z', value: '4' },
            ],
          },
        ],
      },
    })
    expect(target.template.containers[0]?.env).toHaveLength(2)
  })
  it('obeys $patch and refuses entries without their key', () => {
    const env = (entries: unknown[]) => strategicMerge({ env: [{ name: 'X', value: '1' }] }, { env: entries })
    expect(env([{ name: 'X', $patch: 'delete' }])).toEqual({ env: [] })
    expect(env([{ $patch: 'replace' }, { name: 'N', value: '' }])).toEqual({ env: [{ name: 'N', value: '' }] })
    expect(() => env([{ value: '1' }])).toThrow('merge key name')
  })
})

describe('JSON patch', () => {
  it('adds, replaces, removes and tests', () => {
    const result = jsonPatch({ list: [1, 2], 'a/b': { c: 1 } }, [
      { op: 'test', path: '/a~1b/c', value: 1 },
      { op: 'replace', path: '/a~1b/c', value: 2 },
      { op: 'add', path: '/list/-', value: 3 },
      { op: 'remove', path: '/list/0' },
      { op: 'add', path: '/new', value: true },
    ])
    expect(result).toEqual({ list: [2, 3], 'a/b': { c: 2 }, new: true })
  })
  it.each([
    [{ op: 'replace', path: '/none/x', value: 1 }],
    [{ op: 'remove', path: '/none' }],
    [{ op: 'test', path: '/list', value: [1] }],
    [{ op: 'remove', path: '/list/2' }],
  ])('refuses %o', (operation) => {
    expect(() => jsonPatch({ list: [1, 2] }, [operation])).toThrow()
  })
})

it.each([
  ['app=links', true],
  ['app==links,tier', true],
  ['app!=links', false],
  ['app=other', false],
  ['', true],
])('selector %s', (selector, expected) => {
  expect(matchesSelector({ app: 'links', tier: 'web' }, selector)).toBe(expected)
})

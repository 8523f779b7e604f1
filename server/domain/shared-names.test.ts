import { describe, expect, it } from 'vitest'
import { evacuationConfig, evacuationIssues, sharedNameConfig, sharedNameIssues } from './shared-names'

const east = { region: 'us-east', setIdentifier: 'e' }
const west = { region: 'us-west', setIdentifier: 'w' }
const issuesOf = (policy: 'weighted' | 'geolocation', records: object[], name = 'links.test') => {
  const shared = sharedNameConfig.parse({ name, policy, records })
  return sharedNameIssues([shared], ['us-east', 'us-west'], 'go.test').map((each) => each.message)
}

describe('names that both regions serve', () => {
  it('takes a weighted and a geolocation name as they should be', () => {
    expect(
      issuesOf('weighted', [
        { ...east, weight: 1 },
        { ...west, weight: 0 },
      ]),
    ).toEqual([])
    expect(
      issuesOf('geolocation', [
        { ...east, default: true },
        { ...west, continent: 'EU' },
      ]),
    ).toEqual([])
  })

  it.each([
    [
      'a region twice',
      'weighted',
      [
        { ...east, weight: 1 },
        { ...west, region: 'us-east', weight: 1 },
      ],
      'exactly one record for us-east',
    ],
    [
      'a region that is missing',
      'weighted',
      [
        { ...east, weight: 1 },
        { ...west, region: 'eu', weight: 1 },
      ],
      'exactly one record for us-west',
    ],
    [
      'a region that is not there',
      'weighted',
      [
        { ...east, weight: 1 },
        { ...west, region: 'eu', weight: 1 },
      ],
      'eu is not a region',
    ],
    ['no weight', 'weighted', [{ ...east, weight: 1 }, west], 'needs a weight'],
    [
      'nothing but 0',
      'weighted',
      [
        { ...east, weight: 0 },
        { ...west, weight: 0 },
      ],
      'all 0',
    ],
    [
      'a place in a weighted name',
      'weighted',
      [
        { ...east, weight: 1, country: 'FR' },
        { ...west, weight: 1 },
      ],
      'has no place',
    ],
    [
      'no default',
      'geolocation',
      [
        { ...east, continent: 'NA' },
        { ...west, continent: 'EU' },
      ],
      'one default record',
    ],
    [
      'two defaults',
      'geolocation',
      [
        { ...east, default: true },
        { ...west, default: true },
      ],
      'one default record',
    ],
    [
      'a place twice',
      'geolocation',
      [
        { ...east, default: true },
        { ...west, continent: 'EU' },
        { ...east, setIdentifier: 'x', continent: 'EU' },
      ],
      'EU is there twice',
    ],
    [
      'two places in one',
      'geolocation',
      [
        { ...east, default: true },
        { ...west, continent: 'EU', country: 'FR' },
      ],
      'one continent, country or the default',
    ],
    [
      'a weight in a geolocation name',
      'geolocation',
      [
        { ...east, default: true },
        { ...west, continent: 'EU', weight: 1 },
      ],
      'has no weight',
    ],
    [
      'a set identifier twice',
      'weighted',
      [
        { ...east, weight: 1 },
        { ...west, setIdentifier: 'e', weight: 1 },
      ],
      'e is there twice',
    ],
  ] as const)('refuses %s', (_what, policy, records, words) => {
    expect(issuesOf(policy, [...records]).join()).toContain(words)
  })

  it('refuses the name that follows the writer', () => {
    expect(
      issuesOf(
        'weighted',
        [
          { ...east, weight: 1 },
          { ...west, weight: 1 },
        ],
        'go.test.',
      ).join(),
    ).toContain('twice')
  })

  it.each([
    [[50, 10], 'leaves 0 percent'],
    [[10, 50, 0], 'less than the one before'],
    [[50, 50, 0], 'less than the one before'],
  ])('refuses the stages %j', (stages, words) => {
    expect(
      evacuationIssues(evacuationConfig.parse({ stages }))
        .map((each) => each.message)
        .join(),
    ).toContain(words)
  })

  it('takes the usual stages', () => expect(evacuationIssues(evacuationConfig.parse({}))).toEqual([]))
})

import { describe, expect, it } from 'vitest'
import { type RoleSighting, twoPrimaries } from './detect-primaries'

const start = Date.parse('2027-01-01T00:00:00.000Z')

/** Each letter is one second: P primary, s standby, . not seen. */
function seen(serverId: string, row: string): RoleSighting[] {
  return [...row].flatMap((letter, second) =>
    letter === '.'
      ? []
      : [{ serverId, role: letter === 'P' ? 'primary' : 'standby', at: new Date(start + second * 1000).toISOString() }],
  )
}

describe('twoPrimaries', () => {
  const table: [string, string, string, boolean][] = [
    ['one primary, one standby', 'PPPPPP', 'ssssss', false],
    ['a failover: one ends, then the other begins', 'PPP...', 'sss.PP', false],
    ['a failover whose sightings touch', 'PPPPss', 'sssPPP', false],
    ['a role that changed between question and answer', 'PPPP..', 'ssPPPP', false],
    ['both, for longer than a question takes', 'PPPPPP', 'sssPPP', true],
    ['both from the start', 'PPPPPP', 'PPPPPP', true],
    ['both were, but one is a standby again', 'PPPPPs', 'PPPPPP', false],
    ['both were, but one has not been seen for long', 'PPP.........', 'PPPPPPPPPPPP', false],
  ]
  it.each(table)('%s', (_title, east, west, expected) => {
    const nowMs = start + (east.length - 1) * 1000 + 100
    const result = twoPrimaries([...seen('db-east-1', east), ...seen('db-west-1', west)], nowMs, 1000)
    expect(result !== null).toBe(expected)
    if (result) expect(result.serverIds).toEqual(['db-east-1', 'db-west-1'])
  })
})

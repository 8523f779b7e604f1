import { expect, it } from 'vitest'
import { casesOf, sliceOf } from './cases'
import { runCases } from './run-cases'

/** A few minutes of the fault suite inside `npm test`: one fault of each of its families. The whole is `npm run test:faults`. */
const minutes = 3

it(
  'holds through one fault of each family of the slice, as far as the minutes go',
  async () => {
    const cases = sliceOf(casesOf(1))
    const options = { net: 97, port: 3397, stateDirectory: '.lifeboat/tests/faults', console: 'built' as const }
    const results = await runCases(options, cases, {
      untilMs: performance.now() + minutes * 60_000,
      told: ({ verdict, id, end, seconds, note }) =>
        console.log(`${verdict === 'held' ? '✓' : '✖'} ${seconds.toFixed(1)} s ${id} → ${end} ${note}`),
    })
    expect(results.filter((each) => each.verdict === 'broken')).toEqual([])
    expect(results.length).toBeGreaterThanOrEqual(3)
  },
  (minutes + 4) * 60_000,
)

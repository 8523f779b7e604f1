import { expect, it } from 'vitest'
import { base62, Snowflake } from '@/lab/shortener/snowflake'

it('never repeats and always grows, whatever the clock does', () => {
  let now = Date.UTC(2026, 0, 1)
  const source = new Snowflake(1, 2, () => now)
  const ids = Array.from({ length: 10_000 }, (_, index) => {
    if (index === 9_000) now -= 60_000
    return source.next()
  })
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0n))).toBe(true)
})

it('differs between regions and instances at the same moment', () => {
  const now = () => Date.UTC(2026, 0, 1)
  const ids = [0, 1].flatMap((region) => [0, 31].map((instance) => new Snowflake(region, instance, now).next()))
  expect(new Set(ids).size).toBe(4)
})

it('writes ids in base 62, within a PostgreSQL bigint', () => {
  expect([base62(0n), base62(61n), base62(62n), base62(2n ** 63n - 1n)]).toEqual(['0', 'z', '10', 'AzL8n0Y58m7'])
  const late = new Snowflake(31, 31, () => Date.UTC(2090, 0, 1)).next()
  expect(late < 2n ** 63n).toBe(true)
})

import { expect, it } from 'vitest'
import { Promises, serialOf, targetOf } from '@/lab/traffic/promises'

it('keeps every promise in order, however many', () => {
  const promises = new Promises()
  for (let serial = 1; serial <= 5_000; serial += 1) promises.add({ code: `c${serial.toString(36)}`, serial })
  expect(promises.count).toBe(5_000)
  expect(promises.get(0)).toEqual({ code: 'c1', serial: 1 })
  expect(promises.get(4_999)).toEqual({ code: `c${(5_000).toString(36)}`, serial: 5_000 })
  expect([promises.get(-1), promises.get(5_000)]).toEqual([null, null])
  expect(() => promises.add({ code: 'x'.repeat(13), serial: 1 })).toThrow()
})

it('finds the serial number in a target again, and in nothing else', () => {
  expect(serialOf(targetOf(4_294_967_295))).toBe(4_294_967_295)
  expect([serialOf('https://example.com/other/1'), serialOf(targetOf(Number.NaN))]).toEqual([null, null])
})

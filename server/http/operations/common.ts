import { z } from 'zod'

/** Ids as they stand in paths: nothing that a database or a log would trip over. */
export const idText = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'letters, digits and . _ : - only')
export const serviceParams = z.strictObject({ service: idText })
export const idParams = z.strictObject({ id: idText })

export const limit = (standard: number, most: number) => z.coerce.number().int().min(1).max(most).default(standard)
export const cursor = z.string().min(1).max(500).optional()
export const instantText = z.iso.datetime({ offset: true, error: 'an instant such as 2026-01-31T12:00:00Z' })

/** `a,b` or a repeated parameter, each one of a closed set. */
export const listOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').filter(Boolean) : value),
    z.array(z.enum(values)).min(1).max(values.length),
  )

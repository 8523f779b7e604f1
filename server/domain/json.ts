import { createHash } from 'node:crypto'

/** A value that survives JSON unchanged. Plans, observations and audit entries hold nothing else. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/**
 * Canonical JSON: object keys in code-unit order, no white space, numbers as ECMAScript prints them.
 * Two values that are equal as JSON give the same text, whatever order their keys were written in.
 * @throws TypeError for what JSON cannot hold (NaN, Infinity, functions), since a digest must never hide a difference.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('A number that is not finite has no canonical JSON')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined)
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
  }
  throw new TypeError(`A ${typeof value} has no canonical JSON`)
}

/** SHA-256 over canonical JSON, in lower-case hex (64 characters). */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** Reads a value as Json, dropping `undefined` members. Guarantee: the result went through JSON once. */
export function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null))
}

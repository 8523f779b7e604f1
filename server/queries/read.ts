import { actor, actorName } from '@/server/domain/actor'
import { type Json, type JsonObject, toJson } from '@/server/domain/json'

export function iso(date: Date): string
export function iso(date: Date | null | undefined): string | null
export function iso(date: Date | null | undefined): string | null {
  return date?.toISOString() ?? null
}

/** Who, from an actor kept as JSON. One that does not parse is not hidden: it reads `unknown`. */
export function whoText(value: Json | unknown): string {
  const parsed = actor.safeParse(value)
  return parsed.success ? actorName(parsed.data) : 'unknown'
}

export function whoType(value: unknown): string {
  const parsed = actor.safeParse(value)
  return parsed.success ? parsed.data.type : 'unknown'
}

/** One of a closed set, else the fallback: a row written by another version must not break a page. */
export function memberOr<T extends string, F>(values: readonly T[], value: string, fallback: F): T | F {
  return values.find((each) => each === value) ?? fallback
}

export function jsonObject(value: unknown): JsonObject {
  const json = toJson(value)
  return json !== null && typeof json === 'object' && !Array.isArray(json) ? json : {}
}

/** A cursor is where a page ended, opaque to its user. A broken one reads as null and is refused by the caller. */
export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

export function decodeCursor(cursor: string): (string | number)[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (!Array.isArray(parts)) return null
    const known = parts.filter((part): part is string | number => typeof part === 'string' || typeof part === 'number')
    return known.length === parts.length ? known : null
  } catch {
    return null
  }
}

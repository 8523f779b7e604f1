import { z } from 'zod'
import type { Finding } from './finding'
import type { IdsConfig } from './shared-names'

/** What was read of ids: how each region's instances are numbered, and what the newest ids in the data say of who made them. */
export const idsFacts = z.object({
  datacenters: z.array(
    z.object({
      region: z.string(),
      /** What its instances are told, as it is written; null when the variable is not set or could not be read. */
      told: z.string().nullable(),
    }),
  ),
  sampled: z.int(),
  /** How often each number was found with each region's name. */
  found: z.array(z.object({ datacenter: z.int(), region: z.string(), count: z.int() })),
  /** Ids that came more than once; the first ten. */
  duplicates: z.array(z.string()),
})
type IdsFacts = z.infer<typeof idsFacts>

/** The number of the datacenter that made an id; null for what is no id of this layout. */
export function datacenterOf(id: string, layout: Pick<IdsConfig, 'datacenterBits' | 'shiftBits'>): number | null {
  if (!/^\d{1,19}$/.test(id)) return null
  return Number((BigInt(id) >> BigInt(layout.shiftBits)) & ((1n << BigInt(layout.datacenterBits)) - 1n))
}

/** Counts what a sample of ids says. `rows` are pairs of an id and the region that is written beside it. */
export function readIds(
  layout: IdsConfig,
  rows: readonly { key: string; value: string }[],
): Pick<IdsFacts, 'sampled' | 'found' | 'duplicates'> {
  const counts = new Map<string, IdsFacts['found'][number]>()
  const seen = new Set<string>()
  const duplicates = new Set<string>()
  for (const { key, value } of rows) {
    if (seen.has(key)) duplicates.add(key)
    seen.add(key)
    const datacenter = datacenterOf(key, layout) ?? -1
    const entry = counts.get(`${datacenter} ${value}`) ?? { datacenter, region: value, count: 0 }
    counts.set(`${datacenter} ${value}`, { ...entry, count: entry.count + 1 })
  }
  return { sampled: rows.length, found: [...counts.values()], duplicates: [...duplicates].slice(0, 10) }
}

/** What the instances are told, as a number within range; null otherwise. */
function numberOf(told: string | null, bits: number): number | null {
  if (told === null || !/^\d{1,6}$/.test(told)) return null
  const number = Number(told)
  return number < 2 ** bits ? number : null
}

/** Sentences that say why two regions could issue, or have issued, the same id; empty when their numbers are apart. */
export function idProblems(layout: IdsConfig, facts: IdsFacts): string[] {
  const known = new Map<number, string>()
  const problems: string[] = []
  for (const { region, told } of facts.datacenters) {
    if (told === null) continue
    const number = numberOf(told, layout.datacenterBits)
    const other = number === null ? undefined : known.get(number)
    if (number === null) {
      problems.push(
        `${region} is told ${layout.datacenterEnv}=${told}, which does not fit ${layout.datacenterBits} bits`,
      )
    } else if (other !== undefined)
      problems.push(`${other} and ${region} are both told ${layout.datacenterEnv}=${told}`)
    else known.set(number, region)
  }
  if (facts.duplicates.length > 0) problems.push(`the data has ids that came twice (${facts.duplicates.join(', ')})`)
  for (const { datacenter, region, count } of facts.found) {
    const owner = known.get(datacenter)
    const ids = count === 1 ? '1 id' : `${count} ids`
    if (owner !== undefined && owner !== region) {
      problems.push(`${ids} of ${region} carry the number ${datacenter} of ${owner}`)
    } else if (owner === undefined && known.size === facts.datacenters.length) {
      problems.push(
        `${ids} of ${region} carry ${datacenter < 0 ? 'no number of this layout' : `the number ${datacenter}, which no region has`}`,
      )
    }
  }
  return problems
}

/** What could not be seen: without it nobody can say that the numbers are apart. */
export function idUnknowns(layout: IdsConfig, facts: IdsFacts): string[] {
  const untold = facts.datacenters.filter((each) => each.told === null).map((each) => each.region)
  return [
    ...(untold.length > 0 ? [`${layout.datacenterEnv} of ${untold.join(' and ')} could not be read`] : []),
    ...(facts.sampled === 0 ? ['the data has no ids yet'] : []),
  ]
}

type Seen = { facts: IdsFacts | null; observedAt: string; fresh: boolean; failure: string | null }

/**
 * The findings about ids, for readiness and for an evacuation. An overlap is `severity`, since what it stops differs; what is not known is always a warning, and is
 * said as such.
 */
export function idsFindings(layout: IdsConfig, seen: Seen | null, severity: Finding['severity']): Finding[] {
  const base = { observedAt: seen?.observedAt ?? null, stepId: null }
  if (!seen?.facts || !seen.fresh) {
    const why = seen?.failure ?? (seen ? 'the last look is too old' : 'nobody has looked yet')
    return [
      {
        ...base,
        code: 'ids.unknown',
        severity: 'warning',
        message: `Whether both regions issue different ids is not known: ${why}.`,
        remedy: 'See that the workers reach the clusters and the primary, and that the query of `ids` runs.',
      },
    ]
  }
  const problems = idProblems(layout, seen.facts)
  if (problems.length > 0) {
    return [
      {
        ...base,
        code: 'ids.overlap',
        severity,
        message: `Both regions may issue the same ids: ${problems.join('; ')}.`,
        remedy: `Give each region its own ${layout.datacenterEnv} before both take writes, and look at the ids that exist.`,
      },
    ]
  }
  const unknowns = idUnknowns(layout, seen.facts)
  if (unknowns.length === 0) return []
  return [
    {
      ...base,
      code: 'ids.unknown',
      severity: 'warning',
      message: `Whether both regions issue different ids is known only in part: ${unknowns.join('; ')}.`,
      remedy: 'Look again when the service has been used and both clusters can be read.',
    },
  ]
}

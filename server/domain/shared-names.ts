import { z } from 'zod'

/** Names that both regions serve, how one region is emptied, and how ids are kept apart: the part of `lifeboat.yaml` that makes a service active-active. */
const region = z.string().min(1)
const setIdentifier = z.string().min(1).max(128)
const ms = z.int().min(1)

/** Route 53's bounds of a weight. */
const weight = z.int().min(0).max(255)

const sharedRecord = z.object({
  region,
  setIdentifier,
  /** Weighted names only: this region's share when nothing is evacuated. */
  weight: weight.optional(),
  /** Geolocation names only: exactly one of these three. */
  continent: z.enum(['AF', 'AN', 'AS', 'EU', 'OC', 'NA', 'SA']).optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'two capital letters (ISO 3166-1)')
    .optional(),
  /** Answers whoever no other record is for. */
  default: z.boolean().optional(),
  /** The health check that goes with the region's answers, wherever they are given; absent: the one that its records have. */
  healthCheckId: z.string().min(1).max(64).optional(),
})

export const sharedNameConfig = z.object({
  name: z.string().min(1),
  policy: z.enum(['weighted', 'geolocation']),
  records: z.array(sharedRecord).min(2),
  ttlSeconds: z.int().min(1).default(60),
})

export const evacuationConfig = z.object({
  /** Percent of its normal weight that is left to the region that is evacuated, one stage after another; the last is 0. */
  stages: z.array(z.int().min(0).max(99)).min(1).default([50, 10, 0]),
  /** How long each stage is watched before the next. */
  holdMs: ms.default(120_000),
  /** Above this share of failed requests to the region that gains traffic, the evacuation halts and takes its steps back. */
  maxErrorRate: z.number().min(0).max(1).default(0.01),
  /** Fewer requests than this say nothing: the stage waits longer, and then fails as unknown. */
  minRequests: z.int().min(1).default(100),
  /** Looks at each resolver, a TTL apart, of which none may lead to the evacuated region any more. */
  resolverLooks: z.int().min(1).max(20).default(3),
})

/** Ids without coordination: some bits of each say which region made it. Where those overlap, two regions can issue the same id. */
export const idsConfig = z.object({
  kind: z.literal('snowflake'),
  /** How the workload is told its number: the name of an environment variable. */
  datacenterEnv: z.string().min(1).default('DATACENTER_ID'),
  datacenterBits: z.int().min(1).max(16).default(5),
  /** Bits below the datacenter's: instance and sequence. */
  shiftBits: z.int().min(0).max(48).default(17),
  /** One statement, read-only, one parameter (how many): columns `key` (the id) and `value` (the region that made it), newest first. */
  query: z.string().min(1),
  limit: z.int().min(1).max(10_000).default(500),
})

export type SharedNameConfig = z.infer<typeof sharedNameConfig>
type SharedRecord = SharedNameConfig['records'][number]
export type EvacuationConfig = z.infer<typeof evacuationConfig>
export type IdsConfig = z.infer<typeof idsConfig>

/** What the schema of single fields cannot see. `path` is within the list of shared names. */
export function sharedNameIssues(
  names: readonly SharedNameConfig[],
  regions: readonly string[],
  publicName: string,
): { path: (string | number)[]; message: string }[] {
  return names.flatMap((shared, index) => {
    const issues = shared.policy === 'weighted' ? weightedIssues(shared, regions) : geolocationIssues(shared)
    const records = shared.records.flatMap((record, at) => recordIssues(shared, record, at, regions))
    const taken =
      sameName(shared.name, publicName) || names.slice(0, index).some((each) => sameName(each.name, shared.name))
    const name = taken ? [{ path: ['name'], message: `${shared.name} is there twice` }] : []
    return [...name, ...issues, ...records].map((issue) => ({ ...issue, path: [index, ...issue.path] }))
  })
}

type Issue = { path: (string | number)[]; message: string }

function weightedIssues({ records }: SharedNameConfig, regions: readonly string[]): Issue[] {
  const issues: Issue[] = regions
    .filter((id) => records.filter((record) => record.region === id).length !== 1)
    .map((id) => ({ path: ['records'], message: `a weighted name has exactly one record for ${id}` }))
  if (records.every((record) => record.weight === undefined || record.weight === 0)) {
    issues.push({ path: ['records'], message: 'weights that are all 0 count as equal: give at least one a weight' })
  }
  return issues
}

function geolocationIssues({ records }: SharedNameConfig): Issue[] {
  const issues: Issue[] = []
  if (records.filter((record) => record.default).length !== 1) {
    issues.push({
      path: ['records'],
      message: 'a geolocation name has one default record, or users from other places get no answer',
    })
  }
  const places = records.map((record) => record.continent ?? record.country ?? 'default')
  for (const [at, place] of places.entries()) {
    if (place !== 'default' && places.indexOf(place) < at)
      issues.push({ path: ['records', at], message: `${place} is there twice` })
  }
  return issues
}

function recordIssues(shared: SharedNameConfig, record: SharedRecord, at: number, regions: readonly string[]): Issue[] {
  const path = ['records', at]
  const issues: Issue[] = []
  if (!regions.includes(record.region))
    issues.push({ path: [...path, 'region'], message: `${record.region} is not a region of this service` })
  if (shared.records.findIndex((each) => each.setIdentifier === record.setIdentifier) < at) {
    issues.push({ path: [...path, 'setIdentifier'], message: `${record.setIdentifier} is there twice` })
  }
  const places = [record.continent, record.country, record.default || undefined].filter((each) => each !== undefined)
  if (shared.policy === 'weighted') {
    if (record.weight === undefined) issues.push({ path, message: 'a weighted record needs a weight' })
    if (places.length > 0) issues.push({ path, message: 'a weighted record has no place' })
  } else {
    if (record.weight !== undefined) issues.push({ path, message: 'a geolocation record has no weight' })
    if (places.length !== 1)
      issues.push({ path, message: 'a geolocation record is for one continent, country or the default' })
  }
  return issues
}

/** Stages only ever leave less, and end at nothing. */
export function evacuationIssues({ stages }: EvacuationConfig): Issue[] {
  const issues: Issue[] = []
  if (stages.at(-1) !== 0) issues.push({ path: ['stages'], message: 'the last stage leaves 0 percent' })
  if (stages.some((each, index) => index > 0 && each >= (stages[index - 1] ?? 100))) {
    issues.push({ path: ['stages'], message: 'each stage leaves less than the one before' })
  }
  return issues
}

/** Names with and without their final dot are the same name. */
export function sameName(a: string, b: string): boolean {
  return a.replace(/\.$/, '').toLowerCase() === b.replace(/\.$/, '').toLowerCase()
}

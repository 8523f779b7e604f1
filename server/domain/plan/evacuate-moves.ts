import type { z } from 'zod'
import { sameWeights, stagesOf, type Weights, weightsAt } from '../evacuation'
import type { recordsFacts } from '../observation'
import type { RegionConfig, ServiceConfig } from '../service-config'
import type { SharedNameConfig } from '../shared-names'
import { lastKnown, type PlanFacts } from './facts'

type Direction = 'out' | 'back'
type Answer = { values: string[]; healthCheckId: string | null }
type Answers = Record<string, Answer>
export type Records = z.infer<typeof recordsFacts>['records']

/** One change of records: of one name, within one stage. */
export type Move =
  | { kind: 'weights'; name: SharedNameConfig; percent: number; before: Weights; after: Weights; original: Weights }
  | { kind: 'places'; name: SharedNameConfig; before: Answers; after: Answers }

/** The two regions of an evacuation: the one that is emptied or brought back, and the other; `gaining` is the one that gets more traffic. */
export type EvacuationSides = { region: RegionConfig; other: RegionConfig; gaining: RegionConfig; direction: Direction }

/** An unknown region gives the first one: the findings say that it is unknown, and the plan cannot run. */
export function evacuationSides(facts: PlanFacts): EvacuationSides {
  const direction = facts.inputs.direction === 'back' ? 'back' : 'out'
  const { regions } = facts.config
  const region = regions.find((each) => each.id === facts.inputs.region) ?? regions[0]
  const other = regions.find((each) => each.id !== region?.id)
  if (!region || !other) throw new TypeError(`Service ${facts.config.id} has no two regions`)
  return { region, other, direction, gaining: direction === 'out' ? other : region }
}

export function recordsOf(facts: PlanFacts, name: string): Records | null {
  return lastKnown(facts, 'records', name)?.facts.records ?? null
}

/**
 * What changes in each stage, from what the authority's records were last seen to be. Weighted names go stage by stage; a geolocation name cannot be moved in shares, so it
 * moves as a whole with the last stage, after the weighted ones have shown how the other region bears it. What is so already is left out.
 */
export function stagesOfMoves(facts: PlanFacts): Move[][] {
  const { config } = facts
  const sides = evacuationSides(facts)
  const percents = stagesOf(config.evacuation, sides.direction)
  const current = new Map(config.dns.shared.map((name) => [name.name, weightsSeen(recordsOf(facts, name.name), name)]))
  const stages = percents.map((percent, index) =>
    config.dns.shared.flatMap((name): Move[] => {
      if (name.policy === 'geolocation') {
        return index === percents.length - 1 ? placesMove(facts, sides, name) : []
      }
      const before = current.get(name.name)
      const original = weightsSeen(recordsOf(facts, name.name), name)
      if (!before || !original) return []
      const after = weightsAt(name, sides.region.id, percent)
      if (sameWeights(before, after) || !leads(name, sides, before, after, index === percents.length - 1)) return []
      current.set(name.name, after)
      return [{ kind: 'weights', name, percent, before, after, original }]
    }),
  )
  return stages.filter((moves) => moves.length > 0)
}

/** A stage that would turn back on the way (a region half evacuated already) is passed over; the last one always counts. */
function leads(
  name: SharedNameConfig,
  sides: EvacuationSides,
  before: Weights,
  after: Weights,
  last: boolean,
): boolean {
  const own = name.records.find((record) => record.region === sides.region.id)?.setIdentifier ?? ''
  const [was, becomes] = [before[own] ?? 0, after[own] ?? 0]
  return last || (sides.direction === 'out' ? becomes < was : becomes > was)
}

/** The weights of the configured records; null when one of them was not seen with a weight. */
function weightsSeen(records: Records | null, name: SharedNameConfig): Weights | null {
  const pairs = name.records.flatMap(({ setIdentifier }) => {
    const weight = records?.find((each) => each.setIdentifier === setIdentifier)?.weight
    return weight === undefined || weight === null ? [] : [[setIdentifier, weight] as const]
  })
  return pairs.length === name.records.length ? Object.fromEntries(pairs) : null
}

function placesMove(facts: PlanFacts, sides: EvacuationSides, name: SharedNameConfig): Move[] {
  const records = recordsOf(facts, name.name)
  const own = name.records.filter((record) => record.region === sides.region.id)
  const to = sides.direction === 'out' ? sides.other : sides.region
  const goal: Answer = { values: [...to.answers], healthCheckId: healthCheckOf(facts, to) }
  const pairs = own.flatMap(({ setIdentifier }) => {
    const seen = records?.find((each) => each.setIdentifier === setIdentifier)
    if (!seen || sameAnswer(seen, goal)) return []
    return [{ setIdentifier, before: { values: [...seen.values], healthCheckId: seen.healthCheckId } }]
  })
  if (pairs.length === 0) return []
  return [
    {
      kind: 'places',
      name,
      before: Object.fromEntries(pairs.map((each) => [each.setIdentifier, each.before])),
      after: Object.fromEntries(pairs.map((each) => [each.setIdentifier, goal])),
    },
  ]
}

function sameAnswer(a: Answer, b: Answer): boolean {
  return [...a.values].sort().join() === [...b.values].sort().join() && a.healthCheckId === b.healthCheckId
}

/** The health check that goes with a region's answers: as configured, else as the records that give those answers now have it. */
export function healthCheckOf(facts: PlanFacts, region: RegionConfig): string | null {
  const { shared } = facts.config.dns
  const configured = shared
    .flatMap((name) => name.records)
    .find((each) => each.region === region.id && each.healthCheckId)
  if (configured?.healthCheckId) return configured.healthCheckId
  const answers = [...region.answers].sort().join()
  const seen = shared.flatMap((name) => recordsOf(facts, name.name) ?? [])
  return (
    seen.find((each) => each.healthCheckId !== null && [...each.values].sort().join() === answers)?.healthCheckId ??
    null
  )
}

/** The share of a weighted name's answers that a region has when nothing is evacuated. */
export function normalShare(config: ServiceConfig, name: SharedNameConfig, region: string): number {
  const total = name.records.reduce((sum, record) => sum + (record.weight ?? 0), 0)
  const own = name.records.find((record) => record.region === region)?.weight ?? 0
  return config.regions.length > 0 && total > 0 ? own / total : 0
}

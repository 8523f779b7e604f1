import { type FaultCase, faultCase } from './case'
import type { Kind, Moment } from './drive'
import { type Fault, lostAnswers, momentFaults } from './faults'
import { outageCases } from './outage-cases'
import { peopleCases } from './people-cases'
import { createRandom, type Random } from './random'

/** How many moments each fault is tried at, by kind. */
const momentsOf: Record<Kind, number> = { failover: 3, switchover: 1, failback: 1, evacuate: 1 }

/** Before, around and after the point where the writer changes, in turn: the middle is what matters most. */
const thirds = [
  [0, 0.1, 0.2, 0.3],
  [0.35, 0.4, 0.45, 0.5],
  [0.55, 0.65, 0.75, 0.85, 0.95],
]

function moments(random: Random, count: number, first: number): Moment[] {
  return Array.from({ length: count }, (_, index) => ({
    part: random.pick(thirds[(first + index) % thirds.length] ?? [0]),
    when: random.pick(['before', 'at', 'after'] as const),
  }))
}

function matrix(random: Random, kind: Kind, faults: readonly Fault[]): FaultCase[] {
  return faults.flatMap((fault, index) => {
    if (fault.kinds && !fault.kinds.includes(kind)) return []
    if (fault.early) return [faultCase(kind, fault, { part: 0, when: 'at' })]
    return moments(random, momentsOf[kind], index).map((moment) => faultCase(kind, fault, moment))
  })
}

/**
 * All cases in the order of this seed: equal seeds give equal cases in equal order. Planned work comes first in each round: after an outage it would wait for a
 * minute of calm each time.
 */
export function casesOf(seed: number): FaultCase[] {
  const random = createRandom(seed)
  const all = [
    ...matrix(random, 'failover', [...momentFaults, ...lostAnswers]),
    ...matrix(random, 'switchover', [...momentFaults, ...lostAnswers]),
    ...matrix(random, 'failback', momentFaults),
    ...outageCases(),
    ...peopleCases(random),
  ]
  const unique = [...new Map(all.map((each) => [each.id, each])).values()]
  return inRounds(random.shuffled(unique))
}

/** A round is the next case of each family: whatever the minutes allow, every family is met before one is met again. */
function inRounds(cases: readonly FaultCase[]): FaultCase[] {
  const met = new Map<string, number>()
  const rounds: FaultCase[][] = []
  for (const each of cases) {
    const round = met.get(each.family) ?? 0
    met.set(each.family, round + 1)
    rounds[round] = [...(rounds[round] ?? []), each]
  }
  const isPlanned = (each: FaultCase) => each.kind === 'switchover'
  return rounds.flatMap((round) => [...round.filter(isPlanned), ...round.filter((each) => !isPlanned(each))])
}

/**
 * Short and steady enough for a few minutes on a small machine. Left to the whole: failbacks, which copy a server anew, and families that hurt many hosts or need
 * the machine's full speed.
 */
const slice: readonly (readonly [family: string, kind: Kind])[] = [
  ['frozen', 'switchover'],
  ['worker', 'failover'],
  ['redis', 'failover'],
  ['outage', 'failover'],
  ['approval', 'failover'],
  ['zombie', 'failover'],
  ['console', 'failover'],
  ['network', 'failover'],
  ['lost answer', 'failover'],
]

/** One of each of these families in turn, planned work first: for where minutes count. */
export function sliceOf(cases: readonly FaultCase[]): FaultCase[] {
  return slice.flatMap(([family, kind]) => cases.find((each) => each.family === family && each.kind === kind) ?? [])
}

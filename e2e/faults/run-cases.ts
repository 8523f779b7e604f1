import { Arena, type ArenaOptions } from './arena'
import { expectServing, type FaultCase, judge, trimOracle } from './case'
import { groundOf } from './drive'
import { backToNormal } from './normal'

export type CaseResult = {
  id: string
  kind: string
  family: string
  fault: string
  moment: string
  verdict: 'held' | 'broken'
  end: string
  oracle: string
  seconds: number
  /** How the lab was brought back. */
  back: string
  note: string
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Runs cases one after the other on one lab; a lab that a case leaves sick is thrown away, and the case says so. */
export async function runCases(
  options: ArenaOptions,
  cases: readonly FaultCase[],
  limits: { untilMs: number; stopped?: Promise<unknown>; told(result: CaseResult): void },
): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  let arena: Arena | null = null
  try {
    for (const each of cases) {
      if (performance.now() > limits.untilMs) break
      arena ??= await healthyArena(options)
      const run = runCase(arena, each)
      const seen = await (limits.stopped ? Promise.race([run, limits.stopped.then(() => null)]) : run)
      if (seen === null) break
      const { result, sick } = seen
      results.push(result)
      limits.told(result)
      if (!sick) continue
      await arena.stop()
      arena = null
    }
  } finally {
    await arena?.stop()
  }
  return results
}

/** A busy machine may start a lab too slowly once; twice is a finding. */
async function healthyArena(options: ArenaOptions): Promise<Arena> {
  return freshArena(options).catch(() => freshArena(options))
}

async function freshArena(options: ArenaOptions): Promise<Arena> {
  const arena = await Arena.start(options)
  try {
    await backToNormal(arena)
    return arena
  } catch (error) {
    await arena.stop()
    throw error
  }
}

async function runCase(arena: Arena, each: FaultCase): Promise<{ result: CaseResult; sick: boolean }> {
  const begun = performance.now()
  const { id, kind, family, fault, moment } = each
  const problems: string[] = []
  const notes: string[] = []
  let end = 'no end'
  let oracle = 'not judged'
  let back = 'new lab'
  let seconds = 0
  try {
    const before = await groundOf(arena)
    const outcome = await each.body(arena)
    seconds = (performance.now() - begun) / 1000
    end = outcome.end
    if (outcome.note) notes.push(outcome.note)
    back = await backToNormal(arena)
    await expectServing(arena)
    const verdict = await judge(arena, before, outcome)
    oracle = verdict.oracle
    problems.push(...verdict.problems)
  } catch (error) {
    problems.push(message(error))
    seconds ||= (performance.now() - begun) / 1000
    const two = arena.oracle.twoWriters()
    oracle = two.length === 0 ? 'one writer' : `${two.length} writes of two`
    problems.push(...two.slice(0, 2))
  }
  trimOracle(arena)
  const sick = problems.length > 0
  const result = { id, kind, family, fault, moment, end, oracle, back, seconds }
  return { result: { ...result, verdict: sick ? 'broken' : 'held', note: [...problems, ...notes].join('; ') }, sick }
}

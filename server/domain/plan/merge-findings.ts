import type { Finding } from '../finding'
import { lastKnown, type MergeFact, type PlanFacts, seenLately } from './facts'

export const chosenTables = (facts: PlanFacts): MergeFact['tables'] =>
  facts.divergence?.tables.filter((each) => each.decision === 'merge' && each.inserts > 0) ?? []

type Draft = Omit<Finding, 'severity' | 'observedAt'> & { observedAt?: string | null }
const finding =
  (severity: Finding['severity']) =>
  ({ observedAt = null, ...draft }: Draft): Finding => ({ severity, observedAt, ...draft })
const blocker = finding('blocker')
const warning = finding('warning')
const info = finding('info')

export function mergeFindings(facts: PlanFacts): Finding[] {
  return [...serviceFindings(facts), ...divergenceFindings(facts), ...chosenFindings(facts)]
}

function serviceFindings(facts: PlanFacts): Finding[] {
  const { activeRun, writer } = facts
  const found: Finding[] = []
  if (activeRun)
    found.push(
      blocker({
        code: 'run.already-active',
        message: `Run ${activeRun.id} (${activeRun.kind}) holds this service and is ${activeRun.state}.`,
        remedy: 'Let it finish, or abort it.',
        stepId: null,
      }),
    )
  const seen = writer && seenLately(facts, 'agent', writer.serverId).find((each) => each.ok)?.facts
  if (seen?.role === 'primary' && seen.acceptsWrites !== false && seen.fence === null) return found
  return [
    ...found,
    blocker({
      code: 'merge.writer-not-seen',
      message: `${writer?.serverId ?? 'The writer'} was not seen lately as a running primary.`,
      remedy: 'Bring the writer into order first; the rows stay kept.',
      stepId: 'postgres.check-merge',
      observedAt: writer ? (lastKnown(facts, 'agent', writer.serverId)?.observedAt ?? null) : null,
    }),
  ]
}

function divergenceFindings({ divergence }: PlanFacts): Finding[] {
  if (!divergence)
    return [
      blocker({
        code: 'merge.no-divergence',
        message: 'This service has no such kept rows.',
        remedy: 'Open the merge from the page of the rows that only a returned server had.',
        stepId: null,
      }),
    ]
  if (divergence.keptAt === null)
    return [
      blocker({
        code: 'merge.still-reading',
        message: `What only ${divergence.serverId} has is still being written down.`,
        remedy: 'Wait until the failback has kept all of it.',
        stepId: null,
      }),
    ]
  return []
}

function chosenFindings(facts: PlanFacts): Finding[] {
  if (!facts.divergence?.keptAt) return []
  const wanted = facts.divergence.tables.filter((each) => each.decision === 'merge')
  const chosen = chosenTables(facts)
  if (chosen.length === 0)
    return [
      blocker({
        code: 'merge.nothing-chosen',
        message: 'No table with rows to put in is decided “re-insert”.',
        remedy: 'Decide about each table on the page of these rows, then ask again.',
        stepId: null,
      }),
    ]
  return [
    ...wanted.flatMap(tableFindings),
    info({
      code: 'merge.triggers',
      message: 'Triggers of these tables run for each row that is put in, as for any insert.',
      remedy: 'If a trigger calls out (mail, queue), see that this is wanted; the first step names them.',
      stepId: 'postgres.check-merge',
    }),
  ]
}

function tableFindings(each: MergeFact['tables'][number]): Finding[] {
  const stepId = 'agent.merge-rows'
  const found: Finding[] = []
  if (each.key.length === 0)
    found.push(
      blocker({
        code: 'merge.no-key',
        message: `${each.table} has no primary key: whether a row is there already cannot be known.`,
        remedy: 'Decide “drop” or “keep for later”, download its rows, and put them in by hand.',
        stepId,
      }),
    )
  if (each.updates > 0)
    found.push(
      info({
        code: 'merge.updates-not-applied',
        message: `${each.updates} rows of ${each.table} were changed there, not inserted: no old value is ever written over a newer one.`,
        remedy: 'They are listed as conflicts afterwards; a person decides about each.',
        stepId,
      }),
    )
  if (each.cut || each.unreadable > 0)
    found.push(
      warning({
        code: 'merge.not-whole',
        message: `${each.table} had more rows than were kept; only the kept ones are put in.`,
        remedy: 'The rest is in the data directory that the failback left beside the server.',
        stepId,
      }),
    )
  return found
}

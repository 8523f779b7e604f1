import { drafter, numbered } from './assemble'
import { lastKnown, type PlanFacts, sidesOf } from './facts'
import { chosenTables, mergeFindings } from './merge-findings'
import { mergeInputs } from './merge-steps'
import type { Plan } from './types'

const draft = drafter(mergeInputs)

const checkMs = 30_000
/** One batch; a busy table may make it wait for a lock now and then. */
const callDeadlineMs = 20_000
/** Some 200 rows a second is slow. */
const mergeMs = (rows: number): number => 60_000 + rows * 5

/**
 * The plan that puts rows which only a returned server had into the present primary: look at the tables → put in what does not conflict → read it back. A row that is
 * there is never changed. Pure: equal facts give an equal plan; its blockers say why one cannot run.
 */
export function buildMergePlan(facts: PlanFacts): Plan {
  const { config, writer, divergence } = facts
  const { from: region, to: other, primary } = sidesOf(config, writer)
  const systemIdentifier = writer?.systemIdentifier ?? 'unknown'
  const timeline = writer?.timeline ?? 0
  const tables = chosenTables(facts)
    .filter((each) => each.key.length > 0)
    .map(({ table, key, inserts, updates, unreadable }) => ({
      ...{ table, key: [...key], rows: inserts, kept: inserts + updates + unreadable },
    }))
  const rows = tables.reduce((sum, each) => sum + each.rows, 0)
  const about = { serverId: primary.id, region: region.id, systemIdentifier, timeline }
  const input = { ...about, divergenceId: divergence?.id ?? '', tables }
  const steps =
    tables.length === 0
      ? []
      : numbered(facts.describe, [
          draft('postgres.check-merge', checkMs, input),
          draft('agent.merge-rows', mergeMs(rows), { ...input, callDeadlineMs }),
          draft('postgres.verify-merged', checkMs + rows * 2, { ...input, outputStepKey: 'agent.merge-rows' }),
        ])
  const known = divergence ? lastKnown(facts, 'agent', divergence.serverId)?.facts : null
  return {
    schema: 1,
    service: config.id,
    kind: 'merge',
    summary: `Put ${rows} rows of ${tables.map((each) => each.table).join(', ') || 'no table'} that only ${divergence?.serverId ?? 'a returned server'} had into ${primary.id}. Rows that are there are not changed.`,
    inputs: facts.inputs,
    builtAt: new Date(facts.nowMs).toISOString(),
    configDigest: facts.configDigest,
    from: {
      region: divergence?.region ?? other.id,
      serverId: divergence?.serverId ?? 'unknown',
      systemIdentifier: known?.systemIdentifier ?? 'unknown',
      timeline: known?.timeline ?? 0,
    },
    to: { region: region.id, serverId: primary.id, systemIdentifier, timeline },
    incidentId: null,
    steps,
    findings: mergeFindings(facts),
    overrides: [],
    expected: expected(steps),
  }
}

/** The service is up all the while, and nothing of it is taken away. */
function expected(steps: Plan['steps']): Plan['expected'] {
  const seconds = Math.round(steps.reduce((sum, step) => sum + step.budgetMs, 0) / 1000)
  return {
    rtoSeconds: { low: 0, high: seconds },
    parts: [{ label: 'Steps, if each uses its whole budget; the service is not interrupted', seconds }],
    loss: {
      certainty: 'exact',
      primaryLsn: null,
      primaryLsnAt: null,
      candidateLsn: null,
      candidateLsnAt: null,
      bytes: 0,
      seconds: 0,
      beyond:
        'Nothing is lost: rows are only added. Once a batch is committed users see its rows, which is why it is the point of no return; which rows were added stays written down.',
    },
  }
}

import type { Finding } from '../finding'
import { idsFindings } from '../ids'
import { isStale } from '../observation'
import { type EvacuationSides, evacuationSides, healthCheckOf, type Move, recordsOf } from './evacuate-moves'
import { type PlanFacts, seen, seenLately } from './facts'

/** What stands in the way of an evacuation, or should be known before anyone approves it. */
export function evacuateFindings(facts: PlanFacts, stages: readonly Move[][]): Finding[] {
  const sides = evacuationSides(facts)
  const records = recordFindings(facts)
  return [
    ...requestFindings(facts),
    ...records,
    ...(records.length === 0 ? nothingToDo(facts, sides, stages) : []),
    ...gainingFindings(facts, sides),
    ...writerFindings(facts, sides),
    ...healthCheckFindings(facts, sides),
    ...idFindings(facts),
  ]
}

type Said = { code: string; message: string; remedy: string; stepId?: string; observedAt?: string | null }
const say =
  (severity: Finding['severity']) =>
  ({ stepId = '', observedAt = null, ...said }: Said): Finding => ({
    ...said,
    severity,
    stepId: stepId || null,
    observedAt,
  })
const blocker = say('blocker')
const warning = say('warning')

function requestFindings(facts: PlanFacts): Finding[] {
  const { config, inputs, activeRun } = facts
  const found: Finding[] = []
  if (!config.regions.some((region) => region.id === inputs.region)) {
    found.push(
      blocker({
        code: 'evacuate.unknown-region',
        message: `${typeof inputs.region === 'string' ? inputs.region : 'No region'} is not a region of this service.`,
        remedy: `Choose one of ${config.regions.map((region) => region.id).join(', ')}.`,
      }),
    )
  }
  if (config.dns.shared.length === 0) {
    found.push(
      blocker({
        code: 'evacuate.no-shared-names',
        message:
          'No name of this service is served by both regions, so there is no traffic to move without moving the writer.',
        remedy: 'Use a switchover, or configure names under dns.shared.',
      }),
    )
  }
  if (activeRun) {
    found.push(
      blocker({
        code: 'run.already-active',
        message: `Run ${activeRun.id} (${activeRun.kind}) holds this service and is ${activeRun.state}.`,
        remedy: 'Let it finish, or abort it.',
      }),
    )
  }
  return found
}

/** The plan is made of differences to the records that are there: what is not known of them cannot be changed, nor put back. */
function recordFindings(facts: PlanFacts): Finding[] {
  return facts.config.dns.shared.flatMap((name) => {
    const newest = seen(facts, 'records', name.name)[0]
    const records = recordsOf(facts, name.name)
    const observedAt = newest?.observedAt ?? null
    const known = seenLately(facts, 'records', name.name).some((each) => each.ok)
    if (!known || !records) {
      const why = newest ? (newest.failure ?? 'they were not seen lately') : 'nobody has read them yet'
      return [
        blocker({
          code: 'dns.records-unknown',
          message: `The records of ${name.name} are not known: ${why}.`,
          remedy: 'See that a worker reaches Route 53, and build the plan again.',
          observedAt,
        }),
      ]
    }
    const missing = name.records.filter((record) => {
      const there = records.find((each) => each.setIdentifier === record.setIdentifier)
      return !there || (name.policy === 'weighted' ? there.weight === null : there.place === null)
    })
    if (missing.length === 0) return []
    return [
      blocker({
        code: 'dns.records-differ',
        message: `${name.name} has no ${name.policy} record ${missing.map((each) => each.setIdentifier).join(', ')}.`,
        remedy: 'Make the records and the configuration agree.',
        observedAt,
      }),
    ]
  })
}

function nothingToDo(facts: PlanFacts, { region, direction }: EvacuationSides, stages: readonly Move[][]): Finding[] {
  if (stages.length > 0 || facts.config.dns.shared.length === 0) return []
  return [
    blocker({
      code: 'evacuate.nothing-to-do',
      message:
        direction === 'out'
          ? `${region.name} is not answered for any shared name any more.`
          : `${region.name} already has its configured share of every shared name.`,
      remedy: direction === 'out' ? 'Bring it back when it is well.' : 'There is nothing to bring back.',
    }),
  ]
}

/** Whoever gets more traffic must be seen well by everybody who looks: unknown is not well. */
function gainingFindings(facts: PlanFacts, { gaining }: EvacuationSides): Finding[] {
  const found: Finding[] = []
  const looks = seenLately(facts, 'endpoint', gaining.id)
  const failing = looks.filter((each) => !each.ok)
  const stepId = 'dns.shift-weight'
  if (failing.length > 0) {
    found.push(
      blocker({
        code: 'evacuate.region-fails',
        message: `${gaining.name}, which would take more traffic, fails (seen from ${failing.map((each) => each.vantage).join(', ')}).`,
        remedy: `Make ${gaining.name} well first.`,
        observedAt: failing[0]?.observedAt ?? null,
        stepId,
      }),
    )
  } else if (looks.length === 0) {
    found.push(
      blocker({
        code: 'evacuate.region-unknown',
        message: `Whether ${gaining.name} is well is not known: no vantage point saw it lately.`,
        remedy: 'Check that the workers run.',
        observedAt: seen(facts, 'endpoint', gaining.id)[0]?.observedAt ?? null,
        stepId,
      }),
    )
  }
  const workload = seenLately(facts, 'workload', gaining.id).find((each) => each.ok)
  if (!workload?.facts) {
    found.push(
      warning({
        code: 'workload.unknown',
        message: `How many instances run in ${gaining.name} was not seen lately.`,
        remedy: `Check the cluster of ${gaining.name}.`,
        stepId: 'workload.scale-region',
      }),
    )
  } else if (workload.facts.ready === 0) {
    found.push(
      blocker({
        code: 'workload.none-ready',
        message: `No instance is ready in ${gaining.name}.`,
        remedy: `Check the cluster of ${gaining.name}.`,
        stepId: 'workload.scale-region',
        observedAt: workload.observedAt,
      }),
    )
  }
  return found
}

function writerFindings(facts: PlanFacts, { region, other, direction }: EvacuationSides): Finding[] {
  if (direction === 'back' || facts.writer?.region !== region.id) return []
  return [
    warning({
      code: 'evacuate.writer-stays',
      message: `The writer is in ${region.name}: ${facts.config.dns.name} and every write still need it after the evacuation.`,
      remedy: `Request a switchover to ${other.name} first if ${region.name} is to be left altogether.`,
    }),
  ]
}

function healthCheckFindings(facts: PlanFacts, { gaining }: EvacuationSides): Finding[] {
  if (facts.config.dns.shared.length === 0 || healthCheckOf(facts, gaining) !== null) return []
  return [
    warning({
      code: 'dns.no-health-check',
      message: `No health check goes with the answers of ${gaining.name}: they are given even when it is dead.`,
      remedy: 'Give the records health checks, or name one in dns.shared.',
    }),
  ]
}

function idFindings(facts: PlanFacts): Finding[] {
  const { ids, id } = facts.config
  if (facts.config.dns.shared.length === 0) return []
  if (!ids) {
    return [
      warning({
        code: 'ids.unchecked',
        message: 'Nobody checks that the regions issue different ids.',
        remedy: 'Describe the ids under `ids` in the configuration.',
      }),
    ]
  }
  const newest = seenLately(facts, 'ids', id).find((each) => each.ok) ?? seen(facts, 'ids', id)[0]
  if (!newest) return idsFindings(ids, null, 'blocker')
  const { facts: read, observedAt, failure } = newest
  return idsFindings(ids, { facts: read, observedAt, failure, fresh: !isStale(newest, facts.nowMs) }, 'blocker')
}

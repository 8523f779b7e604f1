import type { PlanPreview, RunView } from '@/server/queries/dto/run'
import type { ServiceView } from '@/server/queries/dto/service'
import { type ExitCode, exitCodes } from './problem'

/** What a command ends with: for people and for machines. */
export type Result = { json: unknown; text: string; exitCode?: ExitCode }

const seconds = (value: number | null): string => (value === null ? 'unknown' : `${value.toFixed(1)} s`)

export function serviceText(view: ServiceView): string {
  const findings = view.readiness.findings.map((each) => `  ${each.severity}: ${each.message} ${each.remedy}`)
  return [
    `${view.name} (${view.id}): ${view.headline}`,
    `  writer ${view.writer.serverId ?? 'unknown'} in ${view.writer.region ?? 'unknown'}, generation ${view.writer.generation}`,
    ...view.regions.map((region) => `  ${region.id} ${region.role}, ${region.health}: ${region.summary}`),
    `  replication ${view.replication.state}, lag ${seconds(view.replication.lagSeconds.value)}`,
    `  readiness: ${view.readiness.sentence}`,
    ...findings,
    ...(view.incident ? [`  incident ${view.incident.id} ${view.incident.state}: ${view.incident.title}`] : []),
    ...(view.activeRun ? [`  ${view.activeRun.kind} run ${view.activeRun.id} is ${view.activeRun.state}`] : []),
  ].join('\n')
}

export function planText({ plan, runnable, reasons }: PlanPreview): string {
  const { low, high } = plan.expected.rtoSeconds
  const loss = plan.expected.loss
  return [
    plan.summary,
    `digest ${plan.digest}`,
    `expected: ${Math.round(low)} to ${Math.round(high)} s; loss ${loss.certainty}, ${seconds(loss.seconds)}. ${loss.beyond}`,
    ...plan.steps.map(
      (step) => `  ${step.key}${step.pointOfNoReturn ? ' (point of no return)' : ''}: ${step.description}`,
    ),
    ...plan.findings.map((each) => `  ${each.severity}: ${each.message} ${each.remedy}`),
    ...plan.overrides.map((each) => `  break-glass ${each.code}: ${each.risk}`),
    runnable ? 'It can be requested.' : `It cannot be requested: ${reasons.join(' ')}`,
  ].join('\n')
}

export function runText(run: RunView): string {
  return [
    `Run ${run.id}: ${run.kind} of ${run.service} is ${run.state}${run.direction === 'backward' ? ', going backward' : ''}.`,
    `  ${run.plan.summary}`,
    `  requested by ${run.requester}: ${run.reason}`,
    `  digest ${run.digest}; ${run.approvals.given} of ${run.approvals.required} approvals; expires ${run.expiresAt}`,
    ...(run.stateReason ? [`  ${run.stateReason}`] : []),
    ...run.plan.steps.map((step) => `  ${stepText(step)}`),
    ...(run.measured
      ? [
          `  RTO ${seconds(run.measured.rtoSeconds)}; RPO ${run.measured.rpo.certainty}, ${seconds(run.measured.rpo.seconds)}`,
        ]
      : []),
  ].join('\n')
}

export function stepText(step: RunView['plan']['steps'][number]): string {
  const about = step.error?.message ?? step.progress ?? step.skipReason
  return `${step.key} ${step.state}${about ? `: ${about}` : ''}`
}

/** Ended well, ended otherwise, or not over yet. */
export function runExit(run: RunView): ExitCode | null {
  if (run.state === 'succeeded') return exitCodes.done
  const open = ['draft', 'awaiting_approval', 'approved', 'running', 'paused']
  return open.includes(run.state) ? null : exitCodes.notWell
}

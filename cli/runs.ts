import { setTimeout as delay } from 'node:timers/promises'
import { page } from '@/server/queries/dto/common'
import { planPreview, type RunView, runView } from '@/server/queries/dto/run'
import { serviceSummary, serviceView } from '@/server/queries/dto/service'
import { type Api, connectApi } from './api'
import { needed, type Options } from './options'
import { planText, type Result, runExit, runText, serviceText, stepText } from './output'
import { CommandProblem, exitCodes, wrongUse } from './problem'

const at = (...parts: string[]): string => `/api/v1/${parts.map(encodeURIComponent).join('/')}`

/** One service in full, or all of them in a line each. */
export async function status([service]: string[], options: Options): Promise<Result> {
  const api = connectApi(options)
  if (service) {
    const view = await api.get(at('services', service), serviceView)
    return { json: view, text: serviceText(view) }
  }
  const { items } = await api.get(at('services'), page(serviceSummary))
  return {
    json: items,
    text: items.map((each) => `${each.id}: ${each.headline} ${each.readiness.sentence}`).join('\n'),
  }
}

export async function plan([service]: string[], options: Options): Promise<Result> {
  const path = at('services', needed(service, 'The service'), 'plans')
  const shown = await connectApi(options).post(path, { kind: kindOf(options), inputs: inputsOf(options) }, planPreview)
  return { json: shown, text: planText(shown), exitCode: shown.runnable ? exitCodes.done : exitCodes.notWell }
}

export async function request([service]: string[], options: Options): Promise<Result> {
  const path = at('services', needed(service, 'The service'), 'runs')
  const reason = needed(options.reason, '--reason')
  const run = await connectApi(options).post(
    path,
    { kind: kindOf(options), inputs: inputsOf(options), reason },
    runView,
  )
  return { json: run, text: runText(run) }
}

export async function show([id]: string[], options: Options): Promise<Result> {
  const run = await connectApi(options).get(at('runs', needed(id, 'The run')), runView)
  return { json: run, text: runText(run) }
}

/** A yes or no to one digest, which is given in full: whoever decides has read the plan that it stands for. */
export async function decide(decision: 'approve' | 'reject', [id]: string[], options: Options): Promise<Result> {
  const path = at('runs', needed(id, 'The run'), 'approvals')
  const digest = needed(options.digest, '--digest (the 64 digits that `lifeboat run <id>` prints)')
  const run = await connectApi(options).post(path, { decision, digest, comment: options.comment ?? '' }, runView)
  return { json: run, text: runText(run) }
}

export const steeringVerbs = ['pause', 'resume', 'abort', 'retry', 'skip'] as const
export type SteeringVerb = (typeof steeringVerbs)[number]

export async function steer(verb: SteeringVerb, [id]: string[], options: Options): Promise<Result> {
  const reason = needed(options.reason, '--reason')
  const body = { reason, ...(options.step ? { stepKey: options.step } : {}) }
  const run = await connectApi(options).post(at('runs', needed(id, 'The run'), verb), body, runView)
  return { json: run, text: runText(run) }
}

const pollMs = 1_000

/** Follows a run until it is over; a console that is away for a while is waited for. */
export async function watch([id]: string[], options: Options): Promise<Result> {
  const api = connectApi(options)
  const path = at('runs', needed(id, 'The run'))
  let seen: RunView | null = null
  for (;;) {
    const run = await readOrWait(api, path, seen !== null)
    if (run && run.version !== seen?.version) {
      for (const line of news(seen, run)) console.error(line)
      seen = run
    }
    const exitCode = run && runExit(run)
    if (run && exitCode !== null) return { json: run, text: runText(run), exitCode }
    await delay(pollMs)
  }
}

async function readOrWait(api: Api, path: string, begun: boolean): Promise<RunView | null> {
  try {
    return await api.get(path, runView)
  } catch (error) {
    if (!begun || !(error instanceof CommandProblem) || error.exitCode !== exitCodes.unreachable) throw error
    console.error('The console does not answer; the run goes on without it. Looking again.')
    return null
  }
}

/** What changed since the last look, a line each. */
function news(before: RunView | null, now: RunView): string[] {
  const known = new Map(before?.plan.steps.map((step) => [step.key, stepText(step)]))
  const steps = now.plan.steps.map(stepText)
  return [
    ...(before?.state === now.state
      ? []
      : [`${now.observedAt} run ${now.state}${now.stateReason ? `: ${now.stateReason}` : ''}`]),
    ...steps
      .filter((line, index) => line !== known.get(now.plan.steps[index]?.key ?? ''))
      .map((line) => `${now.observedAt} ${line}`),
  ]
}

function kindOf(options: Options): string {
  return options.kind ?? 'failover'
}

function inputsOf(options: Options): Record<string, unknown> {
  const breakGlass = options['break-glass']
  if (breakGlass?.some((code) => code.trim() === '')) throw wrongUse('--break-glass names a finding')
  return {
    ...(options['assume-lost'] ? { assume: 'primary-lost' } : {}),
    ...(breakGlass ? { breakGlass } : {}),
  }
}

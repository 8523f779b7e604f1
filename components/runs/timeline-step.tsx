'use client'
import { formatSeconds, plain } from '@/components/format/number'
import { stepLooks } from '@/components/format/run-words'
import { elapsedMs } from '@/components/format/time'
import { cn } from '@/components/ui/cn'
import { Commands } from '@/components/ui/copy'
import { useNow } from '@/components/ui/now'
import { ScrollBox } from '@/components/ui/scroll-box'
import { Age, When } from '@/components/ui/when'
import type { StepView } from '@/server/queries/dto/run'
import { undoWord } from '../request/plan-steps'
import { WhyNot } from './controls'
import { ReasonButton } from './reason-dialog'

const moving: readonly StepView['state'][] = ['running', 'verifying', 'compensating']
const broken: readonly StepView['state'][] = ['failed', 'compensation_failed']

export function TimelineStep({
  runId,
  step,
  number,
  current,
}: {
  runId: string
  step: StepView
  number: number
  current: boolean
}) {
  const look = stepLooks[step.state]
  return (
    <li
      aria-current={current ? 'step' : undefined}
      className={cn(
        'flex gap-3 border-b px-4 py-2.5 last:border-b-0',
        current && 'bg-accent-soft',
        step.state === 'pending' && 'text-muted',
      )}
    >
      <span className={cn('w-6 shrink-0 text-center font-bold font-mono', look.ink)} aria-hidden>
        {look.shape}
      </span>
      <div className="min-w-0 flex-1 space-y-0.5">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5">
          <p className="font-semibold text-foreground">
            <span className="figures font-normal text-muted">{number}</span> {step.title}{' '}
            <span className={cn('font-medium text-xs', look.ink)}>{look.word}</span>
          </p>
          <StepTimes step={step} />
        </div>
        {current || broken.includes(step.state) ? <p className="text-sm">{step.description}</p> : null}
        <Progress step={step} />
        {step.error ? <StepError step={step} /> : null}
        {step.skipReason ? <p className="text-sm">Skipped: {step.skipReason}</p> : null}
        <Details step={step} />
        <StepControls runId={runId} step={step} />
      </div>
    </li>
  )
}

/** Duration against the budget, to the second while it runs and to the hundredth when it is over. */
function StepTimes({ step }: { step: StepView }) {
  const nowMs = useNow()
  const budget = plain(formatSeconds(step.budgetMs / 1000))
  if (!step.startedAt) return <p className="figures text-xs">budget {budget}</p>
  const ms = elapsedMs(step.startedAt, step.endedAt, nowMs)
  const late = ms > step.budgetMs
  return (
    <p className="figures flex flex-wrap items-baseline gap-x-2 text-muted text-xs">
      <When at={step.startedAt} />
      <span className={late ? 'font-semibold text-degraded' : 'font-semibold text-foreground'}>
        {late ? '▲ ' : ''}
        {plain(formatSeconds(step.endedAt ? ms / 1000 : Math.floor(ms / 1000)))}
      </span>
      <span>
        {late ? 'over the budget of' : 'of'} {budget}
      </span>
      {step.attempts > 1 ? (
        <span>
          attempt {step.attempts} of {step.maxAttempts}
        </span>
      ) : null}
    </p>
  )
}

function Progress({ step }: { step: StepView }) {
  if (!moving.includes(step.state) || (!step.progress && step.progressPart === null)) return null
  const percent = step.progressPart === null ? null : Math.min(99, Math.round(step.progressPart * 100))
  return (
    <div className="text-sm">
      <p>
        {step.progress} {percent === null ? null : <span className="figures font-medium">{percent} %</span>}{' '}
        <span className="text-muted text-xs">
          <Age at={step.progressAt} />
        </span>
      </p>
      {percent === null ? null : (
        <div
          role="progressbar"
          aria-label={`Progress of ${step.title}`}
          aria-valuenow={percent}
          aria-valuemin={0}
          aria-valuemax={100}
          className="mt-1 h-1.5 rounded-full bg-surface-2"
        >
          <div className="h-full rounded-full bg-accent" style={{ width: `${percent}%` }} />
        </div>
      )}
    </div>
  )
}

const notDone: Partial<Record<StepView['state'], string>> = {
  failed: 'The steps after this one have not run.',
  compensation_failed: 'What this step changed is still changed.',
  compensating: 'What this step changed is being taken back.',
  compensated: 'What this step changed was taken back.',
  running: 'It is being tried again.',
}

function StepError({ step }: { step: StepView }) {
  if (!step.error) return null
  return (
    <div className="rounded-md border border-down bg-down-soft px-3 py-2 text-foreground text-sm">
      <p>
        <span className="font-semibold text-down">✖ {step.error.kind}</span> {step.error.message}
      </p>
      <p className="mt-0.5">{notDone[step.state] ?? 'The step went on after it.'}</p>
    </div>
  )
}

function Details({ step }: { step: StepView }) {
  return (
    <details className="group text-sm">
      <summary className="inline-flex min-h-11 list-none items-center gap-1.5 text-muted text-xs md:min-h-6 [&::-webkit-details-marker]:hidden">
        <span aria-hidden className="transition-transform group-open:rotate-90">
          ▸
        </span>
        Details<span className="sr-only"> of {step.title}</span>
      </summary>
      <div className="space-y-2 pt-1 text-foreground">
        <p>{step.description}</p>
        {step.changes ? <p>Changes: {step.changes}</p> : null}
        <p className="text-muted">
          This step {undoWord(step)}: {step.undo}
        </p>
        <Commands commands={step.commands} />
        {step.output === null ? (
          <p className="text-muted text-xs">No output yet.</p>
        ) : (
          <ScrollBox label={`Output of ${step.title}`} className="max-h-80 rounded-md border bg-background">
            <pre className="p-3 font-mono text-xs">{JSON.stringify(step.output, null, 2)}</pre>
          </ScrollBox>
        )}
      </div>
    </details>
  )
}

/** Only where a person could be needed: at a step that failed, or one that may be skipped while it is at work. */
function StepControls({ runId, step }: { runId: string; step: StepView }) {
  const offered =
    broken.includes(step.state) || step.can.retry.allowed || (step.can.skip.allowed && step.state !== 'pending')
  if (!offered) return null
  return (
    <div className="flex flex-wrap gap-x-5 gap-y-2 pt-1 text-foreground">
      <div className="max-w-72">
        <ReasonButton
          runId={runId}
          control="retry"
          stepKey={step.key}
          label="Try again"
          title={`Try again: ${step.title}`}
          consequence="It begins by looking at what is so, and does only what is missing."
          capability={step.can.retry}
        />
        <WhyNot capability={step.can.retry} />
      </div>
      <div className="max-w-72">
        <ReasonButton
          runId={runId}
          control="skip"
          stepKey={step.key}
          label="Skip"
          title={`Skip: ${step.title}`}
          consequence="It is not done and not verified; the run goes on with the next step."
          capability={step.can.skip}
        />
        <WhyNot capability={step.can.skip} />
      </div>
    </div>
  )
}

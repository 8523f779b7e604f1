'use client'
import { count, formatClock, formatSeconds, plain } from '@/components/format/number'
import { elapsedMs } from '@/components/format/time'
import { cn } from '@/components/ui/cn'
import { useNow } from '@/components/ui/now'
import { Age, When } from '@/components/ui/when'
import { terminalRunStates } from '@/server/domain/run/states'
import type { RunView } from '@/server/queries/dto/run'
import { isPlanned } from './planned'
import { currentStep, nextStep } from './state-sentence'
import { TargetBar } from './target-bar'

/** The clock that users feel, against the target. It runs in this browser, so it goes on when the console is away. */
export function ClockCard({ run }: { run: RunView }) {
  const nowMs = useNow()
  const over = terminalRunStates.includes(run.state)
  const { label, ms } = clockOf(run, nowMs)
  const planned = isPlanned(run.kind)
  const late = !planned && ms > run.targets.rtoSeconds * 1000
  const step = currentStep(run)
  const next = nextStep(run)
  return (
    <section aria-label="Clock" className="rounded-lg border bg-surface p-4 md:p-5">
      <div className="flex flex-wrap items-end justify-between gap-x-10 gap-y-4">
        <div>
          <p className="text-muted text-xs">{label}</p>
          <p
            role="timer"
            aria-live="off"
            className={cn(
              'figures font-semibold text-6xl leading-none tracking-tighter md:text-7xl',
              late && 'text-down',
            )}
          >
            {formatClock(ms)}
          </p>
          <p className={cn('mt-1 text-sm', late ? 'font-medium text-down' : 'text-muted')}>
            {late ? '✖ past the target of ' : planned ? 'planned work' : 'target '}
            {planned ? '' : plain(formatSeconds(run.targets.rtoSeconds))} · since <When at={run.clockStartedAt} />
          </p>
        </div>
        <div className="min-w-0 flex-1 basis-72 space-y-2 text-sm">
          <p>
            <span className="block text-muted text-xs">{run.state === 'paused' ? 'Paused at' : 'Now'}</span>
            <span className="font-medium">
              {step ? step.description : over ? 'Nothing: the run has ended.' : 'Nothing is at work.'}
            </span>
            {step?.progress ? (
              <span className="block text-muted">
                {step.progress} <Age at={step.progressAt} />
              </span>
            ) : null}
          </p>
          {over ? null : (
            <p>
              <span className="block text-muted text-xs">Next</span>
              {next ? next.title : 'the end'}
            </p>
          )}
          <p className="text-muted text-xs">
            {run.stepsDone} of {count(run.stepsTotal, 'step')} ·{' '}
            {run.leader ? `led by ${run.leader.worker}` : 'no worker leads it'} · seen <Age at={run.observedAt} />
          </p>
        </div>
      </div>
      {planned ? null : <TargetBar elapsedMs={ms} targets={run.targets} />}
    </section>
  )
}

/** What the clock counts: the measured outage once it is known, else from the last good answer (or the request) to the end or to now. */
function clockOf(run: RunView, nowMs: number): { label: string; ms: number } {
  // What planned work held up is a fraction of a second, and has a card of its own.
  const measured = isPlanned(run.kind) ? null : (run.measured?.rtoSeconds ?? null)
  if (measured !== null) return { label: 'Users were without the service for', ms: Math.round(measured) * 1000 }
  const since = run.incidentId ? 'the last good answer' : 'the request'
  const ms = elapsedMs(run.clockStartedAt, run.endedAt, nowMs)
  return { label: run.endedAt ? `From ${since} to the end of the run` : `Elapsed since ${since}`, ms }
}

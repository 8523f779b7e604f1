import { Fragment } from 'react'
import { count, formatSeconds, plain } from '@/components/format/number'
import { Badge } from '@/components/ui/badge'
import { Card } from '@/components/ui/card'
import { Commands } from '@/components/ui/copy'
import type { PlanStep } from '@/server/domain/plan/types'

/** Every step with what it does, what a person would type instead, how long it may take, and how it is taken back. */
export function PlanSteps({ steps, wayBack }: { steps: readonly PlanStep[]; wayBack: string }) {
  const changing = steps.filter((step) => step.changes !== null)
  const reversible = changing.filter((step) => step.reversible).length
  return (
    <Card
      title={count(steps.length, 'step')}
      aside={`${changing.length} change something, ${reversible} of them can be taken back`}
    >
      <ol>
        {steps.map((step, index) => (
          <Fragment key={step.key}>
            {step.pointOfNoReturn ? <PointOfNoReturn wayBack={wayBack} /> : null}
            <li className="flex gap-4 border-b px-4 py-3 last:border-b-0">
              <span className="figures w-6 shrink-0 text-right font-mono text-muted text-sm">{index + 1}</span>
              <div className="min-w-0 flex-1 space-y-1.5">
                <p className="flex flex-wrap items-baseline justify-between gap-x-4">
                  <span className="font-semibold">{step.title}</span>
                  <span className="figures text-muted text-xs">
                    budget {plain(formatSeconds(step.budgetMs / 1000))}, {count(step.maxAttempts, 'attempt')}
                  </span>
                </p>
                <p className="text-sm">{step.description}</p>
                {step.changes ? (
                  <p className="text-sm">
                    <span className="text-muted">Changes:</span> {step.changes}
                  </p>
                ) : null}
                <Commands commands={step.commands} />
                <p className="flex flex-wrap items-center gap-2 text-muted text-xs">
                  <Badge>{undoWord(step)}</Badge>
                  <span>{step.undo}</span>
                </p>
              </div>
            </li>
          </Fragment>
        ))}
      </ol>
    </Card>
  )
}

/** A step that only looks leaves nothing to take back. */
export function undoWord(step: Pick<PlanStep, 'changes' | 'reversible'>): string {
  if (step.changes === null) return 'changes nothing'
  return step.reversible ? 'can be taken back' : 'cannot be taken back'
}

/** The line after which only forward is left. */
export function PointOfNoReturn({ passed, wayBack }: { passed?: boolean; wayBack: string }) {
  return (
    <li className="flex items-center gap-3 bg-degraded-soft px-4 py-2 font-semibold text-degraded text-xs">
      <span aria-hidden className="h-px flex-1 bg-degraded" />▼ Point of no return{passed ? ', passed' : ''}: after
      this, {wayBack}
      <span aria-hidden className="h-px flex-1 bg-degraded" />
    </li>
  )
}

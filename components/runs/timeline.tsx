import { Fragment } from 'react'
import { wordsOf } from '@/components/request/kind-words'
import { Card } from '@/components/ui/card'
import { When } from '@/components/ui/when'
import type { RunView } from '@/server/queries/dto/run'
import { PointOfNoReturn } from '../request/plan-steps'
import { currentStep } from './state-sentence'
import { TimelineStep } from './timeline-step'

/** The steps in order, with the line after which only forward is left. */
export function Timeline({ run }: { run: RunView }) {
  const current = currentStep(run)?.key
  return (
    <Card
      title="Steps"
      aside={
        run.startedAt ? (
          <>
            started <When at={run.startedAt} />
          </>
        ) : (
          'not started'
        )
      }
    >
      <ol>
        {run.plan.steps.map((step, index) => (
          <Fragment key={step.key}>
            {step.pointOfNoReturn ? (
              <PointOfNoReturn passed={run.pointOfNoReturnPassed} wayBack={wordsOf(run.kind).wayBack} />
            ) : null}
            <TimelineStep runId={run.id} step={step} number={index + 1} current={step.key === current} />
          </Fragment>
        ))}
      </ol>
    </Card>
  )
}

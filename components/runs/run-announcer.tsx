'use client'
import { stepLooks } from '@/components/format/run-words'
import type { RunView } from '@/server/queries/dto/run'
import { currentStep, stateSentence } from './state-sentence'

const failed: readonly RunView['state'][] = ['failed', 'compensation_failed', 'paused']

/** Says to a screen reader what changes: politely for steps, at once for a failure. */
export function RunAnnouncer({ run }: { run: RunView }) {
  const step = currentStep(run)
  const bad = failed.includes(run.state)
  return (
    <>
      <p className="sr-only" role="status" aria-live="polite">
        {bad ? '' : `${stateSentence(run)} ${step ? `${step.title}: ${stepLooks[step.state].word}` : ''}`}
      </p>
      <p className="sr-only" role="alert" aria-live="assertive">
        {bad ? stateSentence(run) : ''}
      </p>
    </>
  )
}

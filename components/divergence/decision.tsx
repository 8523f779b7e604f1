'use client'
import { type FormEvent, useState } from 'react'
import { useDecideDivergence } from '@/components/data/divergences'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Textarea } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import type { DivergenceTable, DivergenceView } from '@/server/queries/dto/divergence'

const choices = {
  drop: {
    label: 'Drop',
    title: 'Drop the rows of',
    consequence:
      'Says that the rows are not wanted. They stay here, so that this can be taken back; nothing is written to the service.',
  },
  keep: {
    label: 'Keep for later',
    title: 'Keep the rows of',
    consequence: 'Says that the rows are wanted and not dealt with yet. Nothing is written to the service.',
  },
  merge: {
    label: 'Re-insert',
    title: 'Re-insert the rows of',
    consequence:
      'Says that the rows are to be put into the present primary where they do not conflict. Nothing is written yet: the merge is asked for below, and approved like any other run.',
  },
} as const
type Choice = keyof typeof choices

/** What becomes of the rows of one table, with a reason. */
export function Decision({ divergence, table }: { divergence: DivergenceView; table: DivergenceTable }) {
  const [choice, setChoice] = useState<Choice | null>(null)
  const { allowed, reason } = divergence.can.decide
  const ready = allowed && divergence.keptAt !== null
  return (
    <>
      {(['drop', 'merge', 'keep'] as const).map((each) => (
        <Button
          key={each}
          size="sm"
          disabled={!ready || (each === 'merge' && table.key.length === 0) || table.decision?.decision === each}
          onClick={() => setChoice(each)}
        >
          {choices[each].label}
        </Button>
      ))}
      {table.key.length === 0 ? (
        <span className="sr-only">Without a primary key rows cannot be re-inserted.</span>
      ) : null}
      {reason ? <span className="sr-only">{reason}</span> : null}
      {choice ? <DecisionDialog {...{ divergence, table, choice }} close={() => setChoice(null)} /> : null}
    </>
  )
}

type DialogProps = { divergence: DivergenceView; table: DivergenceTable; choice: Choice; close(): void }

function DecisionDialog({ divergence, table, choice, close }: DialogProps) {
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const act = useDecideDivergence(divergence.id)
  const short = reason.trim().length < 3
  const { label, title, consequence } = choices[choice]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (!short) act.mutate({ table: table.table, decision: choice, reason: reason.trim() }, { onSuccess: close })
  }
  return (
    <Dialog
      open
      onOpenChange={(to) => (to ? undefined : close())}
      title={`${title} ${table.table}`}
      description={consequence}
    >
      <form onSubmit={submit} noValidate className="space-y-4">
        <Field label="Reason" error={tried && short ? 'Say why, in a few words: it goes into the audit trail.' : null}>
          <Textarea value={reason} onChange={(event) => setReason(event.target.value)} maxLength={1000} />
        </Field>
        {act.isError ? <ProblemAlert error={act.error} /> : null}
        <Button type="submit" variant="primary" busy={act.isPending} className="w-full">
          {label}
        </Button>
      </form>
    </Dialog>
  )
}

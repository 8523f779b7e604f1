'use client'
import { type FormEvent, useState } from 'react'
import { newIdempotencyKey } from '@/components/data/fetcher'
import { type Control, useControlRun } from '@/components/data/runs'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Textarea } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'

type Props = {
  runId: string
  control: Control
  stepKey?: string
  label: string
  title: string
  /** What will happen, and what will not. */
  consequence: string
  danger?: boolean
  capability: { allowed: boolean; reason: string | null }
}

/** A button that asks for the reason first. Where it may not be pressed it is disabled, and says why beside it. */
export function ReasonButton({ runId, control, stepKey, label, title, consequence, danger, capability }: Props) {
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const [key, setKey] = useState(newIdempotencyKey)
  const act = useControlRun()
  const short = reason.trim().length < 3
  const change = (to: boolean) => {
    setOpen(to)
    if (to) {
      act.reset()
      setTried(false)
      setKey(newIdempotencyKey())
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (short) return
    act.mutate(
      { runId, control, reason: reason.trim(), stepKey, key },
      {
        onSuccess: () => {
          setOpen(false)
          setReason('')
        },
        onError: (error) => {
          if (!('status' in error) || error.status !== 0) setKey(newIdempotencyKey())
        },
      },
    )
  }
  return (
    <>
      <Button
        size="sm"
        variant={danger ? 'danger-outline' : 'default'}
        disabled={!capability.allowed}
        onClick={() => change(true)}
      >
        {label}
      </Button>
      <Dialog open={open} onOpenChange={change} title={title} description={consequence}>
        <form onSubmit={submit} noValidate className="space-y-4">
          <Field
            label="Reason"
            error={tried && short ? 'Say why, in a few words: it goes into the audit trail.' : null}
          >
            <Textarea value={reason} onChange={(event) => setReason(event.target.value)} maxLength={1000} />
          </Field>
          {act.isError ? <ProblemAlert error={act.error} /> : null}
          <Button type="submit" variant={danger ? 'danger' : 'primary'} busy={act.isPending} className="w-full">
            {label}
          </Button>
        </form>
      </Dialog>
    </>
  )
}

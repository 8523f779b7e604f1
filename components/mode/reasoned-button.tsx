'use client'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { newIdempotencyKey } from '@/components/data/fetcher'
import { useModeChange } from '@/components/data/mode'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Textarea } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import type { JsonObject } from '@/server/domain/json'
import type { Capability } from '@/server/queries/dto/common'

type Props = {
  service: string
  /** Path below the mode, and what goes with the reason. */
  under: string
  body?: JsonObject
  /** The body's name for what is written: a vote has a comment, which may be empty. */
  as?: 'reason' | 'comment'
  label: string
  title: string
  /** What will happen, and what will not. */
  consequence: string
  variant?: 'default' | 'primary' | 'danger' | 'danger-outline'
  capability: Capability
  /** More that is asked for, above the reason. */
  children?: ReactNode
}

/** A button that says what it will do and asks why. Where it may not be pressed it is disabled, and says why beside it. */
export function ReasonedButton(props: Props) {
  const { service, under, body = {}, as = 'reason', label, title, consequence, variant = 'default', capability } = props
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const [tried, setTried] = useState(false)
  const [key, setKey] = useState(newIdempotencyKey)
  const act = useModeChange(service)
  const why = useId()
  const short = as === 'reason' && text.trim().length < 3
  const change = (to: boolean) => {
    setOpen(to)
    if (!to) return
    act.reset()
    setTried(false)
    setKey(newIdempotencyKey())
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (short) return
    act.mutate(
      { under, body: { ...body, [as]: text.trim() }, key },
      {
        onSuccess: () => {
          setOpen(false)
          setText('')
        },
        // After an answer the press is over; without one the same key asks again for the same thing.
        onError: (error) => {
          if (!('status' in error) || error.status !== 0) setKey(newIdempotencyKey())
        },
      },
    )
  }
  return (
    <div className="space-y-1">
      <Button
        variant={variant}
        className="w-full whitespace-normal sm:w-auto"
        disabled={!capability.allowed}
        aria-describedby={capability.allowed ? undefined : why}
        onClick={() => change(true)}
      >
        {label}
      </Button>
      {capability.allowed ? null : (
        <p id={why} className="text-muted text-xs">
          {capability.reason}
        </p>
      )}
      <Dialog open={open} onOpenChange={change} title={title} description={consequence}>
        <form onSubmit={submit} noValidate className="space-y-4">
          {props.children}
          <Field
            label={as === 'reason' ? 'Reason' : 'Comment (may be left empty)'}
            error={tried && short ? 'Say why, in a few words: it goes into the audit trail.' : null}
          >
            <Textarea value={text} onChange={(event) => setText(event.target.value)} maxLength={1000} />
          </Field>
          {act.isError ? <ProblemAlert error={act.error} /> : null}
          <Button
            type="submit"
            variant={variant === 'danger-outline' ? 'danger' : 'primary'}
            busy={act.isPending}
            className="w-full"
          >
            {label}
          </Button>
        </form>
      </Dialog>
    </div>
  )
}

'use client'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useAlertChange } from '@/components/data/alerts'
import { newIdempotencyKey } from '@/components/data/fetcher'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Textarea } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import type { JsonObject } from '@/server/domain/json'
import type { Capability } from '@/server/queries/dto/common'

type Props = {
  label: string
  title: string
  consequence: string
  capability: Capability
  under: string
  /** What is sent, from what was written. */
  body(text: string): JsonObject
  /** Whether nothing may be written. */
  optional?: boolean
  children?: ReactNode
}

/** A button that says what it will do and asks for a word about it; disabled, it says why. */
export function ActionDialog({ label, title, consequence, capability, under, body, optional, children }: Props) {
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const [tried, setTried] = useState(false)
  const [key, setKey] = useState(newIdempotencyKey)
  const act = useAlertChange()
  const short = !optional && text.trim().length < 3
  const change = (to: boolean) => {
    setOpen(to)
    setTried(false)
    act.reset()
    if (to) setKey(newIdempotencyKey())
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (short) return
    act.mutate(
      { under, body: body(text.trim()), key },
      { onSuccess: () => change(false), onError: () => setKey(newIdempotencyKey()) },
    )
  }
  return (
    <>
      <Button
        size="sm"
        disabled={!capability.allowed}
        title={capability.reason ?? undefined}
        onClick={() => change(true)}
      >
        {label}
      </Button>
      <Dialog open={open} onOpenChange={change} title={title} description={consequence}>
        <form onSubmit={submit} noValidate className="space-y-4">
          {children}
          <Field
            label={optional ? 'Note (may be left empty)' : 'Reason'}
            error={tried && short ? 'Say why, in a few words: it goes into the audit trail.' : null}
          >
            <Textarea value={text} onChange={(event) => setText(event.target.value)} maxLength={1000} />
          </Field>
          {act.isError ? <ProblemAlert error={act.error} /> : null}
          <Button type="submit" variant="primary" busy={act.isPending}>
            {label}
          </Button>
        </form>
      </Dialog>
    </>
  )
}

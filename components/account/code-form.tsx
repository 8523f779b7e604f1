'use client'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { normalCode } from '@/server/domain/second-factor'

type Props = {
  label: string
  hint: string
  danger?: boolean
  pending: boolean
  error: unknown
  submit(code: string): void
}

/** One code and what it is for. It is emptied once sent: a code counts once. */
export function CodeForm({ label, hint, danger, pending, error, submit }: Props) {
  const [code, setCode] = useState('')
  const [tried, setTried] = useState(false)
  const wrong = normalCode(code) ? null : 'Type the six digits that your authenticator shows now.'
  const send = (event: FormEvent) => {
    event.preventDefault()
    setTried(wrong !== null)
    if (wrong) return
    submit(code)
    setCode('')
  }
  return (
    <form onSubmit={send} noValidate className="max-w-sm space-y-3">
      <Field label="Code" hint={hint} error={tried ? wrong : null}>
        <Input
          value={code}
          onChange={(event) => setCode(event.target.value)}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={40}
        />
      </Field>
      {error ? <ProblemAlert error={error} /> : null}
      <Button type="submit" variant={danger ? 'danger-outline' : 'primary'} busy={pending}>
        {label}
      </Button>
    </form>
  )
}

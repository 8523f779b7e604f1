'use client'
import { type FormEvent, useState } from 'react'
import { encode } from 'uqr'
import { useBeginFactor, useConfirmFactor } from '@/components/data/second-factor'
import { Button } from '@/components/ui/button'
import { Card, CardBody } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { CodeForm } from './code-form'

/** Password, then the secret for the authenticator, then its first code. */
export function Enrolment({ confirmed }: { confirmed(codes: string[]): void }) {
  const begin = useBeginFactor()
  const confirm = useConfirmFactor()
  const [password, setPassword] = useState('')
  const start = (event: FormEvent) => {
    event.preventDefault()
    if (!password) return
    begin.mutate({ password }, { onSettled: () => setPassword('') })
  }
  return (
    <Card title="Enrol a second factor">
      <CardBody className="space-y-4 text-sm">
        {begin.data ? (
          <>
            <Secret secret={begin.data.secret} uri={begin.data.uri} />
            <CodeForm
              label="Confirm"
              hint="What the authenticator shows now. From then on it is asked for at each sign-in, too."
              pending={confirm.isPending}
              error={confirm.error}
              submit={(code) => confirm.mutate({ code }, { onSuccess: (answer) => confirmed(answer.backupCodes) })}
            />
          </>
        ) : (
          <form onSubmit={start} noValidate className="max-w-sm space-y-3">
            <p>An authenticator app makes a code each 30 seconds. Breaking the glass asks for one.</p>
            <Field label="Your password, once more">
              <Input
                type="password"
                autoComplete="current-password"
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            </Field>
            {begin.isError ? <ProblemAlert error={begin.error} /> : null}
            <Button type="submit" variant="primary" busy={begin.isPending} disabled={!password}>
              Begin
            </Button>
          </form>
        )}
      </CardBody>
    </Card>
  )
}

function Secret({ secret, uri }: { secret: string; uri: string }) {
  return (
    <div className="flex flex-wrap items-start gap-4">
      <QrCode text={uri} />
      <div className="min-w-0 flex-1 space-y-2">
        <p>Scan it with an authenticator app, or type this secret into it:</p>
        <code className="block select-all break-all rounded border bg-surface-2 p-2 font-mono">
          {secret.match(/.{1,4}/g)?.join(' ')}
        </code>
        <p className="text-muted text-xs">It is shown this once. Time-based, six digits, 30 seconds.</p>
      </div>
    </div>
  )
}

/** Black on white in either theme: that is what cameras read. */
function QrCode({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 2 })
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR code of the secret" className="size-48 rounded">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  )
}

'use client'
import { type FormEvent, useState } from 'react'
import { api } from '@/components/data/fetcher'
import { ProblemError } from '@/components/data/problem'
import { secondFactorHeader } from '@/components/data/second-factor'
import { Alert } from '@/components/ui/alert'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'

type State = { busy: boolean; error: unknown }

/** E-mail and password; what is wrong is said here, in place, and never which of the two it was. */
export function SignInForm({ next }: { next: string }) {
  const [state, setState] = useState<State>({ busy: false, error: null })
  // Asked for only after the password was right, and only of who has enrolled one.
  const [asksCode, setAsksCode] = useState(false)
  const [missing, setMissing] = useState<{ email: boolean; password: boolean }>({ email: false, password: false })

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const email = String(form.get('email') ?? '').trim()
    const password = String(form.get('password') ?? '')
    setMissing({ email: email === '', password: password === '' })
    if (!email || !password) return
    setState({ busy: true, error: null })
    try {
      const code = String(form.get('code') ?? '').trim()
      const proof = code ? { headers: { [secondFactorHeader]: code } } : {}
      await api('/api/auth/sign-in/email', { method: 'POST', body: { email, password }, ...proof })
      // A whole load: every page is read anew with the rights of whoever has come in.
      window.location.assign(next)
    } catch (error) {
      const first = error instanceof ProblemError && error.code === 'code-needed' && !asksCode
      if (first) setAsksCode(true)
      setState({ busy: false, error: first ? null : error })
    }
  }

  return (
    <form
      onSubmit={(event) => void submit(event)}
      method="post"
      noValidate
      className="space-y-4 rounded-lg border bg-surface p-5"
    >
      <Field label="E-mail" error={missing.email ? 'Fill in your e-mail address.' : null}>
        <Input name="email" type="email" autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus />
      </Field>
      <Field label="Password" error={missing.password ? 'Fill in your password.' : null}>
        <Input name="password" type="password" autoComplete="current-password" />
      </Field>
      {asksCode ? (
        <Field label="Code of your second factor" hint="From your authenticator, or a backup code.">
          <Input name="code" inputMode="numeric" autoComplete="one-time-code" maxLength={40} autoFocus />
        </Field>
      ) : null}
      {state.error ? <SignInError error={state.error} /> : null}
      <Button type="submit" variant="primary" size="lg" busy={state.busy} className="w-full">
        Sign in
      </Button>
    </form>
  )
}

function SignInError({ error }: { error: unknown }) {
  if (error instanceof ProblemError && (error.status === 401 || error.status === 400)) {
    return (
      <Alert tone="down" live="assertive" title="E-mail and password do not fit together">
        You are not signed in. Check both; after several wrong tries there is a wait of a minute.
      </Alert>
    )
  }
  if (error instanceof ProblemError && (error.code === 'code-wrong' || error.code === 'code-needed')) {
    return (
      <Alert tone="down" live="assertive" title="The code of your second factor is missing or not right">
        You are not signed in. Each code counts once: wait for the next one. After five wrong ones there is a wait of
        five minutes.
      </Alert>
    )
  }
  if (error instanceof ProblemError && error.code === 'locked') {
    return (
      <Alert tone="down" live="assertive" title="Too many wrong codes">
        You are not signed in, and no code is taken for five minutes.
      </Alert>
    )
  }
  return <ProblemAlert error={error} />
}

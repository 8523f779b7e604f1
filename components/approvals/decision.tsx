'use client'
import { type FormEvent, useState } from 'react'
import { toast } from 'sonner'
import { newIdempotencyKey } from '@/components/data/fetcher'
import { useDecide } from '@/components/data/runs'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Textarea } from '@/components/ui/input'
import { useNow } from '@/components/ui/now'
import { ProblemAlert } from '@/components/ui/problem-alert'
import type { RunView } from '@/server/queries/dto/run'

/** Yes or no to exactly the plan that is shown: its digest goes with the decision. The two stand as far apart as the card is wide. */
export function Decision({ run }: { run: RunView }) {
  const decide = useDecide()
  const [denying, setDenying] = useState(false)
  const [key, setKey] = useState(newIdempotencyKey)
  // The digest that was on the screen when the card came up: a plan that changed since must be read again.
  const [seen, setSeen] = useState(run.digest)
  const expired = Date.parse(run.expiresAt) <= useNow()
  const why = whyNot(run, expired)

  const send = (decision: 'approve' | 'reject', comment: string) =>
    decide.mutate(
      { runId: run.id, decision, digest: seen, comment, key },
      {
        onSuccess: () => {
          setDenying(false)
          toast(decision === 'approve' ? `Approved: ${run.summary}` : `Denied: ${run.summary} Nothing was changed.`)
        },
        onError: (error) => {
          if (!('status' in error) || error.status !== 0) setKey(newIdempotencyKey())
        },
      },
    )

  if (seen !== run.digest) {
    return (
      <footer className="border-t bg-degraded-soft px-4 py-3">
        <p className="mb-3 font-medium text-sm" role="status">
          ▲ The plan has changed since you opened it. Read what is above, then decide.
        </p>
        <Button onClick={() => setSeen(run.digest)}>I have read the new plan</Button>
      </footer>
    )
  }
  return (
    <footer className="border-t px-4 py-4">
      {decide.isError && !denying ? <ProblemAlert error={decide.error} className="mb-4" /> : null}
      {why ? (
        <p className="text-sm" id={`why-${run.id}`}>
          <span className="font-medium">You cannot decide on this:</span> {why}
        </p>
      ) : null}
      <div className="mt-1 flex flex-wrap items-center justify-between gap-x-8 gap-y-6">
        <Button
          variant="danger-outline"
          size="lg"
          disabled={!run.can.reject.allowed || expired || decide.isPending}
          aria-describedby={why ? `why-${run.id}` : undefined}
          onClick={() => {
            decide.reset()
            setDenying(true)
          }}
        >
          Deny…
        </Button>
        <Button
          variant="primary"
          size="lg"
          disabled={!run.can.approve.allowed || expired}
          busy={decide.isPending && !denying}
          aria-describedby={why ? `why-${run.id}` : undefined}
          onClick={() => send('approve', '')}
        >
          Approve this plan
        </Button>
      </div>
      <DenyDialog
        open={denying}
        onOpenChange={setDenying}
        run={run}
        busy={decide.isPending}
        error={decide.error}
        deny={(reason) => send('reject', reason)}
      />
    </footer>
  )
}

function whyNot(run: RunView, expired: boolean): string | null {
  if (expired) return 'the request has expired; nothing was changed. Ask for a new plan.'
  if (run.can.approve.allowed) return null
  return run.can.approve.reason ?? 'you may not approve it.'
}

type DenyProps = {
  open: boolean
  onOpenChange(open: boolean): void
  run: RunView
  busy: boolean
  error: unknown
  deny(reason: string): void
}

function DenyDialog({ open, onOpenChange, run, busy, error, deny }: DenyProps) {
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const short = reason.trim().length < 3
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (!short) deny(reason.trim())
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Deny: ${run.summary}`}
      description="The run ends here; nothing is changed. The requester reads your reason."
    >
      <form onSubmit={submit} noValidate className="space-y-4">
        <Field label="Reason" error={tried && short ? 'Say why, in a few words.' : null}>
          <Textarea value={reason} onChange={(event) => setReason(event.target.value)} maxLength={1000} />
        </Field>
        {error ? <ProblemAlert error={error} /> : null}
        <Button type="submit" variant="danger" busy={busy} className="w-full">
          Deny this run
        </Button>
      </form>
    </Dialog>
  )
}

'use client'
import { useRouter } from 'next/navigation'
import { type FormEvent, useId, useState } from 'react'
import { newIdempotencyKey } from '@/components/data/fetcher'
import { type RunInputs, useRequestRun } from '@/components/data/runs'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input, Textarea } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { RegionName } from '@/components/ui/region'
import { reasonAtLeast, reasonHasSubstance } from '@/server/domain/plan/break-glass'
import { normalCode } from '@/server/domain/second-factor'
import type { PlanPreview } from '@/server/queries/dto/run'
import type { ServiceView } from '@/server/queries/dto/service'
import { wordsOf } from './kind-words'

type Props = {
  service: ServiceView
  preview: PlanPreview
  inputs: RunInputs
  destination: { name: string; index: number }
}

/**
 * Asks for the run. The destination is typed, which shows that it was read; the plan is built anew at this moment, and the approver signs
 * that one.
 */
export function RequestForm({ service, preview, inputs, destination }: Props) {
  const router = useRouter()
  const request = useRequestRun()
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const [code, setCode] = useState('')
  const [tried, setTried] = useState(false)
  const [key, setKey] = useState(newIdempotencyKey)
  const titleId = useId()
  const to = preview.plan.to.region
  const blocked = blockedBecause(service, preview)
  const breaksGlass = Array.isArray(inputs.breakGlass)
  const reasonError = reasonProblem(reason, breaksGlass)
  const codeError = breaksGlass && !normalCode(code) ? 'Type the six digits that your authenticator shows now.' : null
  const words = wordsOf(preview.plan.kind)
  const typedError =
    !words.typesDestination || typed.trim().toLowerCase() === to.toLowerCase()
      ? null
      : `Type ${to}, the region that becomes the primary.`

  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (blocked || reasonError || typedError || codeError) return
    request.mutate(
      {
        service: service.id,
        kind: preview.plan.kind,
        inputs,
        reason: reason.trim(),
        key,
        ...(breaksGlass ? { code } : {}),
      },
      {
        onSuccess: (run) => router.push(`/runs/${run.id}`),
        // An answer, even a refusal, ends this press; without an answer a repeat must not open a second run.
        onError: (error) => {
          if (!('status' in error) || error.status !== 0) setKey(newIdempotencyKey())
          // It is used up, whatever came of it.
          setCode('')
        },
      },
    )
  }

  return (
    <section
      id="request"
      aria-labelledby={titleId}
      className="scroll-mt-16 rounded-lg border-2 border-down bg-surface p-5"
    >
      <h2 id={titleId} className="flex flex-wrap items-center gap-x-2 font-semibold text-base">
        {words.request} <RegionName {...destination} />
      </h2>
      <p className="mt-1 mb-4 max-w-prose text-sm">
        Opens a run that waits for its approval. Nothing is changed by this: someone else has to approve exactly the
        plan that is built when you press.
      </p>
      <form onSubmit={submit} noValidate className="max-w-xl space-y-4">
        <Field label="Reason" error={tried ? reasonError : null}>
          <Textarea
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            maxLength={1000}
            disabled={Boolean(blocked)}
          />
        </Field>
        {words.typesDestination ? (
          <Field label={`Type the destination region: ${to}`} error={tried ? typedError : null}>
            <Input
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              disabled={Boolean(blocked)}
            />
          </Field>
        ) : null}
        {breaksGlass ? (
          <Field
            label="Code of your second factor"
            hint="From your authenticator, or a backup code. Each counts once. Enrol one under Account."
            error={tried ? codeError : null}
          >
            <Input
              value={code}
              onChange={(event) => setCode(event.target.value)}
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={40}
              disabled={Boolean(blocked)}
            />
          </Field>
        ) : null}
        {request.isError ? <ProblemAlert error={request.error} /> : null}
        {blocked ? (
          <p id={`${titleId}-blocked`} className="font-medium text-sm">
            Not possible now: {blocked}
          </p>
        ) : null}
        <Button
          type="submit"
          variant="danger"
          size="lg"
          busy={request.isPending}
          disabled={Boolean(blocked)}
          aria-describedby={blocked ? `${titleId}-blocked` : undefined}
          className="w-full whitespace-normal sm:w-auto"
        >
          {words.request} {destination.name}
        </Button>
      </form>
    </section>
  )
}

/** Breaking the glass is judged by its reason; an ordinary run by its plan. */
function reasonProblem(reason: string, breaksGlass: boolean): string | null {
  if (breaksGlass && !reasonHasSubstance(reason))
    return `Say what happened and why the risk is worth it, in ${reasonAtLeast} characters or more: the approver judges by it.`
  return reason.trim().length < 3 ? 'Say why, in a few words: the approver reads it first.' : null
}

function blockedBecause(service: ServiceView, preview: PlanPreview): string | null {
  if (!service.can.requestRun.allowed) return service.can.requestRun.reason ?? 'you may not request it'
  if (!preview.runnable) return preview.reasons.join(' ') || 'the plan has blockers'
  return null
}

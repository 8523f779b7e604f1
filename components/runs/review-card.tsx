'use client'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { reviewQuery, useReview } from '@/components/data/break-glass'
import { newIdempotencyKey } from '@/components/data/fetcher'
import { Button } from '@/components/ui/button'
import { Card, CardBody } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { NativeSelect, Textarea } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { When } from '@/components/ui/when'
import { type ReviewVerdict, reviewVerdicts } from '@/server/domain/break-glass-review'
import type { BreakGlassView } from '@/server/queries/dto/break-glass'

const verdictWords: Record<ReviewVerdict, string> = {
  justified: 'Justified: there was no safer way',
  avoidable: 'Avoidable: next time there should be a safer way',
  wrong: 'Wrong: it should not have been done',
}

export const reviewWords: Record<BreakGlassView['review']['state'], string> = {
  waiting: '… due once the run is over',
  due: '▲ due',
  overdue: '✖ overdue',
  reviewed: '✓ reviewed',
  'not-needed': '– not needed: it ended before it began',
}

/** What breaking the glass owes: its time box, and somebody else's look at it by the end of the next day. */
export function ReviewCard({ runId }: { runId: string }) {
  const query = useQuery(reviewQuery(runId))
  const found = query.data
  return (
    <Card
      title="Review of the broken glass"
      aside={found ? <span className="font-medium">{reviewWords[found.review.state]}</span> : null}
    >
      <CardBody className="space-y-3 text-sm">
        {query.isError ? <ProblemAlert error={query.error} onRetry={() => void query.refetch()} /> : null}
        {found ? <Facts found={found} /> : query.isError ? null : <p className="text-muted">Reading the review.</p>}
        {found && found.review.state !== 'reviewed' && found.review.state !== 'not-needed' ? (
          <ReviewForm found={found} />
        ) : null}
      </CardBody>
    </Card>
  )
}

function Facts({ found }: { found: BreakGlassView }) {
  const { review, timeBox } = found
  return (
    <dl className="grid gap-x-4 gap-y-1 sm:grid-cols-[10rem_1fr]">
      {timeBox ? (
        <>
          <dt className="text-muted">Time box</dt>
          <dd>
            {timeBox.minutes} min: its point of no return by <When at={timeBox.notAfter} />, or it stops
          </dd>
        </>
      ) : null}
      <dt className="text-muted">Review due</dt>
      <dd>
        <When at={review.dueAt} />
      </dd>
      {review.verdict ? (
        <>
          <dt className="text-muted">Reviewed</dt>
          <dd>
            {review.reviewer} <When at={review.reviewedAt} />
          </dd>
          <dt className="text-muted">Verdict</dt>
          <dd className="font-medium">{verdictWords[review.verdict]}</dd>
          <dt className="text-muted">Findings</dt>
          <dd className="whitespace-pre-wrap break-words">{review.findings}</dd>
        </>
      ) : null}
    </dl>
  )
}

function ReviewForm({ found }: { found: BreakGlassView }) {
  const review = useReview()
  const [verdict, setVerdict] = useState<ReviewVerdict>('justified')
  const [findings, setFindings] = useState('')
  const [tried, setTried] = useState(false)
  const [key, setKey] = useState(newIdempotencyKey)
  const { allowed, reason } = found.can.review
  if (!allowed) return <p className="font-medium">You cannot review it: {reason}</p>
  const short = findings.trim().length < 10
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (short) return
    review.mutate(
      { runId: found.runId, verdict, findings: findings.trim(), key },
      {
        onError: (error) => {
          if (!('status' in error) || error.status !== 0) setKey(newIdempotencyKey())
        },
      },
    )
  }
  return (
    <form onSubmit={submit} noValidate className="max-w-xl space-y-3 border-t pt-3">
      <Field label="Verdict">
        <NativeSelect
          value={verdict}
          onChange={(event) => setVerdict(reviewVerdicts.find((each) => each === event.target.value) ?? 'justified')}
        >
          {reviewVerdicts.map((each) => (
            <option key={each} value={each}>
              {verdictWords[each]}
            </option>
          ))}
        </NativeSelect>
      </Field>
      <Field
        label="What was found"
        hint="What was overridden, whether the risk came true, what has to change."
        error={tried && short ? 'Say what was found, in a sentence.' : null}
      >
        <Textarea value={findings} onChange={(event) => setFindings(event.target.value)} maxLength={4000} />
      </Field>
      {review.isError ? <ProblemAlert error={review.error} /> : null}
      <Button type="submit" variant="primary" busy={review.isPending}>
        Write the review
      </Button>
    </form>
  )
}

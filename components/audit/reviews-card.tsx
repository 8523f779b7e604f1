'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { breakGlassQuery } from '@/components/data/break-glass'
import { reviewWords } from '@/components/runs/review-card'
import { Card, CardBody } from '@/components/ui/card'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { When } from '@/components/ui/when'

/** Every broken glass that nobody has reviewed yet, the longest due first. */
export function ReviewsCard() {
  const query = useQuery(breakGlassQuery())
  const items = query.data?.items ?? []
  return (
    <Card title="Break-glass waiting for its review" aside={query.data ? `${items.length}` : null}>
      {query.isError ? (
        <CardBody>
          <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
        </CardBody>
      ) : null}
      {query.data && items.length === 0 ? (
        <CardBody className="text-muted text-sm">None: every run that overrode a rule has been reviewed.</CardBody>
      ) : null}
      {query.isPending ? <CardBody className="text-muted text-sm">Reading the reviews.</CardBody> : null}
      <ul>
        {items.map((item) => (
          <li
            key={item.runId}
            className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b px-4 py-2 text-sm last:border-b-0"
          >
            <Link
              href={`/runs/${item.runId}`}
              className="inline-flex min-h-11 min-w-0 items-center underline underline-offset-4 md:min-h-6"
            >
              {item.summary}
            </Link>
            <span className="text-muted">
              {item.requester} · {reviewWords[item.review.state]} · by <When at={item.review.dueAt} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}

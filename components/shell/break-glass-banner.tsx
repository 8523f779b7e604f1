'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { breakGlassQuery } from '@/components/data/break-glass'
import { Alert } from '@/components/ui/alert'
import { When } from '@/components/ui/when'
import type { BreakGlassView } from '@/server/queries/dto/break-glass'

/** On every page, for everybody: which safety rules are overridden now, and what has not been reviewed since. Silent while there is none. */
export function BreakGlassBanner() {
  const items = useQuery(breakGlassQuery()).data?.items ?? []
  return items.map((item) => (
    <div key={item.runId} className="px-4 pt-3 md:px-6">
      <Alert tone="down" live="polite" title={titleOf(item)}>
        <p>
          {item.requester} overrides{' '}
          {item.rules.map((rule, index) => (
            <span key={rule.code}>
              {index > 0 ? ', ' : null}
              <code className="break-all font-mono text-xs">{rule.code}</code>
            </span>
          ))}{' '}
          on {item.serviceName}: {item.reason}
        </p>
        <p className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
          <Link
            href={`/runs/${item.runId}`}
            className="inline-flex min-h-11 items-center font-medium underline underline-offset-4 md:min-h-6"
          >
            Open the run
          </Link>
          <span className="inline-flex items-center gap-1">
            {item.review.state === 'overdue' ? 'Its review was due' : 'Review due'} <When at={item.review.dueAt} />
          </span>
        </p>
      </Alert>
    </div>
  ))
}

function titleOf({ review }: BreakGlassView): string {
  if (review.state === 'overdue') return 'Break-glass: its review is overdue'
  return review.state === 'due' ? 'Break-glass: waits for its review' : 'Break-glass is in use'
}

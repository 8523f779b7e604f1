'use client'
import { useQuery } from '@tanstack/react-query'
import { decidedRuns, runsQuery, waitingRuns } from '@/components/data/runs'
import { servicesQuery } from '@/components/data/services'
import { count } from '@/components/format/number'
import { Empty } from '@/components/ui/empty'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { LoadingCard } from '@/components/ui/skeleton'
import { ApprovalCard } from './approval-card'
import { DecidedList } from './decided-list'

/** The inbox: one card a run that waits, what was decided below. Made for a thumb. */
export function ApprovalsPage() {
  const waiting = useQuery(runsQuery(waitingRuns))
  const decided = useQuery(runsQuery(decidedRuns)).data?.items ?? []
  const services = useQuery(servicesQuery()).data?.items
  const runs = waiting.data?.items ?? []
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader
        eyebrow="Approvals"
        sentence={
          waiting.isPending
            ? 'Reading what waits.'
            : runs.length
              ? `${count(runs.length, 'run')} ${runs.length === 1 ? 'waits' : 'wait'} for a decision.`
              : 'Nothing waits for a decision.'
        }
      />
      {waiting.isError ? (
        <ProblemAlert error={waiting.error} onRetry={() => void waiting.refetch()} className="mb-4" />
      ) : null}
      <div className="space-y-4">
        {waiting.isPending ? <LoadingCard label="what waits" className="h-96" /> : null}
        {runs.map((run) => (
          <ApprovalCard key={run.id} summary={run} services={services} />
        ))}
        {waiting.data && runs.length === 0 ? (
          <Empty title="Nothing waits for you">
            {decided[0] ? `Last: ${decided[0].summary}` : 'A request appears here as soon as someone makes it.'}
          </Empty>
        ) : null}
        <DecidedList runs={decided} />
      </div>
    </div>
  )
}

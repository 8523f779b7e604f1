'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { runsQuery, waitingRuns } from '@/components/data/runs'
import { servicesQuery } from '@/components/data/services'
import { useShownError } from '@/components/data/use-shown-error'
import { count } from '@/components/format/number'
import { Button } from '@/components/ui/button'
import { Empty } from '@/components/ui/empty'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { Refreshing } from '@/components/ui/refreshing'
import { LoadingCard, Skeleton } from '@/components/ui/skeleton'
import { answerOf } from './answer'
import { ServiceCard } from './service-card'

/** Is it up, and could we fail over now? */
export function Overview() {
  const services = useQuery(servicesQuery())
  const waiting = useQuery(runsQuery(waitingRuns)).data?.items ?? []
  const error = useShownError(services)
  if (!services.data && !error) return <OverviewSkeleton />
  if (!services.data) return <ProblemPage about="Overview" error={error} onRetry={() => void services.refetch()} />
  const { items } = services.data
  return (
    <>
      <PageHeader eyebrow="Overview" sentence={answerOf(items)} />
      {services.isError ? <ProblemAlert error={services.error} className="mb-4" /> : null}
      {waiting.length > 0 ? (
        <div className="mb-4 flex flex-wrap items-center justify-between gap-3 rounded-lg border border-accent bg-accent-soft px-4 py-3">
          <p>
            <strong className="font-semibold">{count(waiting.length, 'run')}</strong>{' '}
            {waiting.length === 1 ? 'waits' : 'wait'} for a decision: {waiting[0]?.summary}
          </p>
          <Button asChild variant="primary" size="sm">
            <Link href="/approvals">Open approvals</Link>
          </Button>
        </div>
      ) : null}
      {items.length === 0 ? (
        <Empty title="No service is configured yet">
          Describe a service in <code className="font-mono">lifeboat.yaml</code> (regions, servers, DNS, objectives) and
          apply it with <code className="font-mono">lifeboat apply lifeboat.yaml</code>. It appears here with its first
          observation.
        </Empty>
      ) : (
        <Refreshing active={services.isFetching} className="space-y-4">
          {items.map((service) => (
            <ServiceCard key={service.id} service={service} />
          ))}
        </Refreshing>
      )}
    </>
  )
}

function OverviewSkeleton() {
  return (
    <>
      <Skeleton className="mb-2 h-5 w-24" />
      <Skeleton className="mb-6 h-8 w-2/3" />
      <LoadingCard label="services" className="h-72" />
    </>
  )
}

'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { modeQuery } from '@/components/data/mode'
import { useShownError } from '@/components/data/use-shown-error'
import { Badge } from '@/components/ui/badge'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { Refreshing } from '@/components/ui/refreshing'
import { LoadingCard, Skeleton } from '@/components/ui/skeleton'
import { Age } from '@/components/ui/when'
import { ConfigurationCard } from './configuration-card'
import { CoolDownCard } from './cool-down-card'
import { RulesCard } from './rules-card'
import { StandingCard } from './standing-card'
import { StopCard } from './stop-card'

/** What happens by itself if the primary's region dies now, and everything that decides it. */
export function ModePage({ service }: { service: string }) {
  const query = useQuery(modeQuery(service))
  const view = query.data
  const error = useShownError(query)
  if (!view && !error) return <ModeSkeleton />
  if (!view) return <ProblemPage about="Mode" error={error} onRetry={() => void query.refetch()} />
  return (
    <>
      <PageHeader
        eyebrow={
          <>
            <Link
              href={`/services/${view.service}`}
              className="font-medium text-foreground underline underline-offset-4"
            >
              {view.serviceName}
            </Link>
            <Badge>{view.mode} failover</Badge>
            <span>
              seen <Age at={view.observedAt} />
            </span>
          </>
        }
        sentence={view.sentence}
      />
      {query.isError ? <ProblemAlert error={query.error} className="mb-4" /> : null}
      <Refreshing active={query.isFetching} className="grid items-start gap-4 lg:grid-cols-2">
        <div className="min-w-0 space-y-4">
          <RulesCard view={view} />
        </div>
        <div className="min-w-0 space-y-4">
          <StopCard view={view} />
          <StandingCard view={view} />
          <CoolDownCard view={view} />
          <ConfigurationCard view={view} />
        </div>
      </Refreshing>
    </>
  )
}

function ModeSkeleton() {
  return (
    <>
      <Skeleton className="mb-2 h-5 w-48" />
      <Skeleton className="mb-6 h-8 w-2/3" />
      <div className="grid gap-4 lg:grid-cols-2">
        <LoadingCard label="the rules" className="h-96" />
        <LoadingCard label="kill switch and approval" className="h-96" />
      </div>
    </>
  )
}

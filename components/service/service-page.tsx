'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { serviceQuery } from '@/components/data/services'
import { useShownError } from '@/components/data/use-shown-error'
import { DivergencesCard } from '@/components/divergence/divergences-card'
import { Badge } from '@/components/ui/badge'
import { HealthMark } from '@/components/ui/health'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { Refreshing } from '@/components/ui/refreshing'
import { LoadingCard, Skeleton } from '@/components/ui/skeleton'
import { Age } from '@/components/ui/when'
import { CommitWindowCard } from './commit-window-card'
import { DnsCard } from './dns-card'
import { FailoverCard } from './failover-card'
import { PlannedCard } from './planned-card'
import { ReachabilityCard } from './reachability-card'
import { ReadinessCard } from './readiness-card'
import { IncidentsCard, RunsCard } from './recent-cards'
import { RegionCard } from './region-card'
import { ReplicationCard } from './replication-card'
import { ServersCard } from './servers-card'
import { SharedNamesCard } from './shared-names-card'
import { Happening, TwoPrimaries } from './situation'
import { TopologyCard } from './topology-card'

/** Everything that is known of one service, the most urgent first. */
export function ServicePage({ id }: { id: string }) {
  const query = useQuery(serviceQuery(id))
  const service = query.data
  const error = useShownError(query)
  if (!service && !error) return <ServiceSkeleton />
  if (!service) return <ProblemPage about="Service" error={error} onRetry={() => void query.refetch()} />
  return (
    <>
      <PageHeader
        eyebrow={
          <>
            <span className="font-medium text-foreground">{service.name}</span>
            <HealthMark health={service.health} />
            <Link
              href={`/services/${service.id}/mode`}
              className="inline-flex min-h-11 items-center underline underline-offset-4 md:min-h-0"
            >
              <Badge>{service.mode} failover</Badge>
            </Link>
            <span>
              seen <Age at={service.observedAt} />
            </span>
          </>
        }
        sentence={service.headline}
      />
      {query.isError ? <ProblemAlert error={query.error} className="mb-4" /> : null}
      <Refreshing active={query.isFetching} className="space-y-4">
        <TwoPrimaries service={service} />
        <Happening service={service} />
        <CommitWindowCard service={service.id} />
        <DivergencesCard service={service.id} />
        <div className="grid gap-4 lg:grid-cols-2">
          {service.regions.map((region, index) => (
            <RegionCard key={region.id} region={region} index={index} />
          ))}
        </div>
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <ReplicationCard service={service} />
          <ReadinessCard service={service} />
        </div>
        <TopologyCard service={service} />
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <DnsCard service={service} />
          <ReachabilityCard service={service} />
          <SharedNamesCard service={service} />
        </div>
        <ServersCard service={service} />
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <RunsCard service={service.id} />
          <IncidentsCard service={service.id} />
        </div>
        <PlannedCard service={service} />
        <FailoverCard service={service} />
      </Refreshing>
    </>
  )
}

function ServiceSkeleton() {
  return (
    <>
      <Skeleton className="mb-2 h-5 w-48" />
      <Skeleton className="mb-6 h-8 w-2/3" />
      <div className="grid gap-4 lg:grid-cols-2">
        <LoadingCard label="the first region" className="h-52" />
        <LoadingCard label="the second region" className="h-52" />
        <LoadingCard label="replication" className="h-96" />
        <LoadingCard label="readiness" className="h-96" />
      </div>
    </>
  )
}

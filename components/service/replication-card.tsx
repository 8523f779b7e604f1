'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { lagQuery } from '@/components/data/services'
import { formatBytes, formatSeconds } from '@/components/format/number'
import { Card, CardBody } from '@/components/ui/card'
import { Figure } from '@/components/ui/figure'
import { HealthMark } from '@/components/ui/health'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { Skeleton } from '@/components/ui/skeleton'
import { Age } from '@/components/ui/when'
import type { MetricsView, ServiceView } from '@/server/queries/dto/service'
import { LagChart } from './lag-chart'

/** A quarter of an hour: long enough to see a trend, short enough for a second's spike to have a pixel. */
const lagMinutes = 15

/** How far the standby is behind, in bytes and by the heartbeat, and how it has been. A broken link is not zero. */
export function ReplicationCard({ service }: { service: ServiceView }) {
  const { replication } = service
  const metrics = useQuery(lagQuery(service.id, lagMinutes))
  const lag = metrics.data ? lagSeries(metrics.data, replication.to) : undefined
  return (
    <Card
      title="Replication"
      aside={
        <>
          <HealthMark health={replication.health} word={replication.state} className="text-sm" />
          <Age at={replication.observedAt} />
        </>
      }
    >
      <CardBody className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
        <Figure label="Lag by heartbeat" measured={replication.lagSeconds} format={formatSeconds} />
        <Figure label="Lag in WAL" measured={replication.lagBytes} format={formatBytes} />
        <p className="text-muted text-xs sm:col-span-2">
          {replication.from && replication.to ? (
            <>
              From <code className="font-mono text-foreground">{replication.from}</code> to{' '}
              <code className="font-mono text-foreground">{replication.to}</code>
            </>
          ) : (
            'No pair of servers replicates.'
          )}
          {replication.slot ? (
            <>
              {' '}
              over slot <code className="font-mono text-foreground">{replication.slot}</code>
            </>
          ) : null}
        </p>
      </CardBody>
      <div className="border-t px-2 pt-3 pb-2">
        <p className="flex flex-wrap items-center justify-between gap-x-4 px-2 pb-1 text-muted text-xs">
          Lag by heartbeat, last {lagMinutes} min, lowest to highest as a band
          <Link
            href={`/services/${service.id}/replication`}
            className="inline-flex min-h-11 items-center underline underline-offset-4 md:min-h-0"
          >
            Open replication
          </Link>
        </p>
        {metrics.isPending ? (
          <Skeleton className="m-2 h-40" />
        ) : metrics.data ? (
          <LagChart series={lag} from={metrics.data.from} to={metrics.data.to} stepMs={metrics.data.stepMs} />
        ) : (
          <ProblemAlert error={metrics.error} onRetry={() => void metrics.refetch()} className="m-2" />
        )}
      </div>
    </Card>
  )
}

/** After a failover each server has a series; the standby's is the one that counts now. */
function lagSeries(metrics: MetricsView, standby: string | null): MetricsView['series'][number] | undefined {
  const series = metrics.series.filter((each) => each.name === 'lag_seconds')
  return series.find((each) => each.subject === standby) ?? series[0]
}

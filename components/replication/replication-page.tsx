'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { RangePicker } from '@/components/charts/range-picker'
import { SeriesCard } from '@/components/charts/series-card'
import { type StateLook, StateTimeline } from '@/components/charts/state-timeline'
import { useRange } from '@/components/charts/use-range'
import { seriesQuery, signalsQuery } from '@/components/data/series'
import { serviceQuery } from '@/components/data/services'
import { useShownError } from '@/components/data/use-shown-error'
import { formatBytes, formatSeconds, plain } from '@/components/format/number'
import { Card, CardBody } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { useNow } from '@/components/ui/now'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { LoadingCard, Skeleton } from '@/components/ui/skeleton'
import { Age } from '@/components/ui/when'
import type { MetricName } from '@/server/domain/series/catalogue'
import { replicationSentence } from './sentence'

const seconds = (value: number | null): string => plain(formatSeconds(value))
const bytes = (value: number | null): string => plain(formatBytes(value))
const rate = (value: number | null): string => `${bytes(value)}/s`

/** A failback waits until lag is below this. */
const failbackGateSeconds = 1

/** By the values of `postgres.role` in the catalogue. */
const roles: readonly StateLook[] = [
  { word: 'stopped or not answering', className: 'h-2 bg-down text-down-foreground' },
  { word: 'fenced', className: 'h-3.5 border border-dashed border-down bg-down-soft' },
  { word: 'standby', className: 'h-5 bg-accent-soft' },
  { word: 'primary', className: 'h-7 bg-ok-soft font-medium' },
]
/** By those of `replication.state`. */
const following: readonly StateLook[] = [
  { word: 'stopped or not answering', className: 'h-2 bg-down text-down-foreground' },
  { word: 'follows nobody', className: 'h-3.5 border border-dashed border-down bg-down-soft' },
  { word: 'does not receive', className: 'h-5 bg-degraded-soft' },
  { word: 'streaming', className: 'h-7 bg-ok-soft' },
]

/** How the standby has kept up, and what would have been lost at any moment. */
export function ReplicationPage({ service: id }: { service: string }) {
  const query = useQuery(serviceQuery(id))
  const nowMs = useNow()
  const { range, setRange } = useRange()
  const signals = useQuery(signalsQuery(id))
  const error = useShownError(query)
  const service = query.data
  if (!service && !error) return <LoadingCard label="replication" className="h-96" />
  if (!service) return <ProblemPage about="Replication" error={error} onRetry={() => void query.refetch()} />
  const limitsOf = (signal: string) => {
    const found = signals.data?.signals.find((each) => each.signal === signal)
    return found ? [{ at: found.critical, word: 'critical' }] : []
  }
  const chart = { service: id, range, onZoom: setRange }
  return (
    <>
      <PageHeader
        eyebrow={
          <>
            <Link href={`/services/${id}`} className="font-medium text-foreground underline underline-offset-4">
              {service.name}
            </Link>
            <span>Replication</span>
            <HealthMark health={service.replication.health} word={service.replication.state} />
            <Age at={service.replication.observedAt} />
          </>
        }
        sentence={replicationSentence(service.replication, nowMs)}
      />
      {query.isError ? <ProblemAlert error={query.error} className="mb-4" /> : null}
      <RangePicker range={range} onChange={setRange} />
      <div className="space-y-4">
        <States id={id} range={range} metric="postgres.role" title="Roles" looks={roles} />
        <States id={id} range={range} metric="replication.state" title="Receiving" looks={following} />
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <SeriesCard
            {...chart}
            title="Lag in time"
            about="By the heartbeat row, on a logarithmic axis. A gap: the two ends were not seen at the same time."
            metric="replication.lag-seconds"
            format={seconds}
            limits={[...limitsOf('replication-lag'), { at: failbackGateSeconds, word: 'failback waits above' }]}
            logarithmic
          />
          <SeriesCard
            {...chart}
            title="Lag in WAL"
            about="Between the primary’s current and the standby’s replayed position."
            metric="replication.lag-bytes"
            format={bytes}
          />
          <SeriesCard
            {...chart}
            title="Since the standby heard from its primary"
            about="It grows as soon as the link is cut, whatever the lag says."
            metric="replication.receiver-age-seconds"
            format={seconds}
            limits={limitsOf('receiver-age')}
          />
          <SeriesCard
            {...chart}
            title="WAL written"
            about="What the primary writes a second: lag that grows with it is a link that is too narrow."
            metric="postgres.wal-rate"
            format={rate}
          />
          <SeriesCard
            {...chart}
            title="WAL kept for slots"
            about="A slot that nobody reads fills the primary’s disk."
            metric="postgres.slot-retained-bytes"
            format={bytes}
            limits={limitsOf('slot-retained')}
          />
        </div>
      </div>
    </>
  )
}

type StatesProps = {
  id: string
  range: { from: string; to: string }
  metric: MetricName
  title: string
  looks: readonly StateLook[]
}

function States({ id, range, metric, title, looks }: StatesProps) {
  const query = useQuery(seriesQuery(id, [metric], range))
  const error = useShownError(query)
  return (
    <Card title={title}>
      <CardBody>
        {error ? <ProblemAlert error={error} onRetry={() => void query.refetch()} /> : null}
        {query.data ? (
          query.data.series.length > 0 ? (
            <StateTimeline view={query.data} looks={looks} label={`${title} over time`} />
          ) : (
            <p className="text-muted text-sm">
              Nothing was seen yet. The first values come within seconds of the workers’ start.
            </p>
          )
        ) : error ? null : (
          <Skeleton className="h-20" />
        )}
      </CardBody>
    </Card>
  )
}

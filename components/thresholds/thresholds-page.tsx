'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { thresholdsQuery } from '@/components/data/thresholds'
import { useShownError } from '@/components/data/use-shown-error'
import { Card } from '@/components/ui/card'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { LoadingCard } from '@/components/ui/skeleton'
import { Age } from '@/components/ui/when'
import { ThresholdRow } from './threshold-row'

/** The limits that tiles, charts, alerts and exports of a service go by. */
export function ThresholdsPage({ service }: { service: string }) {
  const query = useQuery(thresholdsQuery(service))
  const view = query.data
  const error = useShownError(query)
  if (!view && !error) return <LoadingCard label="the thresholds" className="h-96" />
  if (!view) return <ProblemPage about="Thresholds" error={error} onRetry={() => void query.refetch()} />
  const changed = view.items.filter((each) => each.override).length
  const { can } = view
  return (
    <>
      <PageHeader
        eyebrow={
          <>
            <Link href={`/services/${service}`} className="font-medium text-foreground underline underline-offset-4">
              {view.serviceName}
            </Link>
            <span>Thresholds</span>
            <span>
              seen <Age at={view.observedAt} />
            </span>
          </>
        }
        sentence={
          changed === 0
            ? `Every one of the ${view.items.length} signals goes by its default.`
            : `${changed} of ${view.items.length} signals ${changed === 1 ? 'goes' : 'go'} by limits that were set for this service.`
        }
      />
      {query.isError ? <ProblemAlert error={query.error} className="mb-4" /> : null}
      {can.change.allowed ? null : <p className="mb-4 text-muted text-sm">{can.change.reason}</p>}
      <Card>
        <ul className="divide-y">
          {view.items.map((row) => (
            <ThresholdRow key={row.signal} service={service} row={row} can={can.change} />
          ))}
        </ul>
      </Card>
    </>
  )
}

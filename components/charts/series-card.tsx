'use client'
import { useQuery } from '@tanstack/react-query'
import dynamic from 'next/dynamic'
import { annotationsQuery, seriesQuery } from '@/components/data/series'
import { useShownError } from '@/components/data/use-shown-error'
import { utcDateTime } from '@/components/format/time'
import { Card } from '@/components/ui/card'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { Skeleton } from '@/components/ui/skeleton'
import { Age } from '@/components/ui/when'
import type { MetricName } from '@/server/domain/series/catalogue'
import type { SeriesView } from '@/server/queries/dto/series'
import type { UrlRange } from './range'
import type { Limit } from './series-chart'

const height = 200
/** The chart library is most of what a page with charts ships: it comes after the page, into a frame of its size. */
const SeriesChart = dynamic(() => import('./series-chart'), {
  ssr: false,
  loading: () => <Skeleton className="h-50" />,
})

type Props = {
  service: string
  title: string
  /** One sentence under the title: what is drawn, and what a gap means where that is not plain. */
  about: string
  metric: MetricName
  range: UrlRange
  onZoom(range: UrlRange): void
  format(value: number | null): string
  limits?: readonly Limit[]
  logarithmic?: boolean
}

/** One metric of a service over the page's range, with its states: still reading, nothing seen, cannot be read with the last good kept, as a table. */
export function SeriesCard({ limits = [], logarithmic = false, ...props }: Props) {
  const { service, title, about, metric, range, onZoom, format } = props
  const query = useQuery(seriesQuery(service, [metric], range))
  const bands = useQuery(annotationsQuery(service, range))
  const error = useShownError(query)
  const view = query.data
  const last = view && newestOf(view)
  return (
    <Card
      title={title}
      aside={
        last ? (
          <>
            <span className="figures text-foreground">{format(last.value)}</span>
            <Age at={last.at} />
          </>
        ) : null
      }
    >
      <p className="px-4 pt-2 text-muted text-xs">{about}</p>
      {error ? <ProblemAlert error={error} onRetry={() => void query.refetch()} className="m-3" /> : null}
      {!view ? (
        <Skeleton className="m-3 h-50" />
      ) : isEmpty(view) ? (
        <p style={{ height }} className="flex items-center justify-center text-muted text-sm">
          Nothing was seen in this time.
        </p>
      ) : (
        <div className="pt-2">
          <SeriesChart
            view={view}
            annotations={bands.data?.items ?? []}
            limits={limits}
            logarithmic={logarithmic}
            format={format}
            onZoom={onZoom}
            label={`${title}, ${utcDateTime(view.from)} to ${utcDateTime(view.to)}, at most ${format(highest(view))}`}
          />
          <SeriesTable view={view} format={format} title={title} />
        </div>
      )}
    </Card>
  )
}

const isEmpty = (view: SeriesView): boolean => view.series.every((each) => each.avg.every((value) => value === null))

function newestOf(view: SeriesView) {
  return view.series.reduce<SeriesView['series'][number]['last']>(
    (best, { last }) => (last && (!best || last.at > best.at) ? last : best),
    null,
  )
}

function highest(view: SeriesView): number {
  return view.series.flatMap((each) => each.max).reduce<number>((top, value) => Math.max(top, value ?? top), 0)
}

/** So many rows a person reads; each is the worst of what it stands for. */
const mostRows = 24

function SeriesTable({ view, format, title }: { view: SeriesView; format: Props['format']; title: string }) {
  const fromMs = Date.parse(view.from)
  const each = Math.max(1, Math.ceil(Math.max(...view.series.map(({ max }) => max.length)) / mostRows))
  return (
    <details className="border-t px-4 py-2 text-xs">
      <summary className="cursor-pointer text-muted">Show {title.toLowerCase()} as a table</summary>
      <div className="mt-2 overflow-x-auto">
        <table className="figures w-full text-left">
          <thead>
            <tr>
              <th className="pr-4 font-medium">from</th>
              {view.series.map(({ subject }) => (
                <th key={subject} className="pr-4 font-medium">
                  {subject}, highest
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: Math.ceil((view.series[0]?.max.length ?? 0) / each) }, (_, row) => {
              const at = new Date(fromMs + row * each * view.stepMs).toISOString()
              return (
                <tr key={at}>
                  <td className="pr-4">{utcDateTime(at)}</td>
                  {view.series.map(({ subject, max }) => {
                    const seen = max.slice(row * each, (row + 1) * each).filter((value) => value !== null)
                    return (
                      <td key={subject} className="pr-4">
                        {seen.length > 0 ? format(Math.max(...seen)) : 'not seen'}
                      </td>
                    )
                  })}
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </details>
  )
}

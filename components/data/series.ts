import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { UrlRange } from '@/components/charts/range'
import type { MetricName } from '@/server/domain/series/catalogue'
import type { AnnotationsView, SeriesView } from '@/server/queries/dto/series'
import type { SignalsView } from '@/server/queries/dto/thresholds'
import { api, queryString } from './fetcher'
import { keys } from './keys'

const pathOf = (service: string): string => `/api/v1/services/${encodeURIComponent(service)}`
/** A range that ends now moves on; one of the past stays as it is. */
const everyMs = ({ to }: UrlRange): number | false => (to === 'now' ? 10_000 : false)

export const seriesQuery = (service: string, metrics: readonly MetricName[], { from, to }: UrlRange) =>
  queryOptions({
    queryKey: keys.series(service, `${metrics.join(',')} ${from} ${to}`),
    queryFn: ({ signal }) =>
      api<SeriesView>(`${pathOf(service)}/series${queryString({ metrics: metrics.join(','), from, to })}`, { signal }),
    refetchInterval: everyMs({ from, to }),
    placeholderData: keepPreviousData,
  })

export const annotationsQuery = (service: string, { from, to }: UrlRange) =>
  queryOptions({
    queryKey: keys.series(service, `annotations ${from} ${to}`),
    queryFn: ({ signal }) =>
      api<AnnotationsView>(`${pathOf(service)}/annotations${queryString({ from, to })}`, { signal }),
    refetchInterval: everyMs({ from, to }),
    placeholderData: keepPreviousData,
  })

export const signalsQuery = (service: string) =>
  queryOptions({
    queryKey: keys.series(service, 'signals'),
    queryFn: ({ signal }) => api<SignalsView>(`${pathOf(service)}/signals`, { signal }),
    refetchInterval: 10_000,
  })

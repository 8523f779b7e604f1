import { queryOptions } from '@tanstack/react-query'
import type { RunKind } from '@/server/domain/plan/types'
import type { IncidentView } from '@/server/queries/dto/records'
import type { PlanPreview } from '@/server/queries/dto/run'
import type { MetricsView, ServiceSummary, ServiceView } from '@/server/queries/dto/service'
import { api, newIdempotencyKey, queryString } from './fetcher'
import { keys } from './keys'
import type { Page } from './page'
import type { RunInputs } from './runs'

/** Figures age by the second, whether or not an event says so: services are read this often, stream or not. */
const serviceIntervalMs = 5_000

export const servicesQuery = () =>
  queryOptions({
    queryKey: keys.services,
    queryFn: ({ signal }) => api<Page<ServiceSummary>>('/api/v1/services', { signal }),
    refetchInterval: serviceIntervalMs,
  })

export const serviceQuery = (id: string) =>
  queryOptions({
    queryKey: keys.service(id),
    queryFn: ({ signal }) => api<ServiceView>(`/api/v1/services/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: serviceIntervalMs,
  })

/** Lag of the last minutes; the window moves with each reading. */
export const lagQuery = (id: string, minutes: number) =>
  queryOptions({
    queryKey: keys.metrics(id, String(minutes)),
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - minutes * 60_000).toISOString()
      const range = queryString({ from, names: 'lag_seconds' })
      return api<MetricsView>(`/api/v1/services/${encodeURIComponent(id)}/metrics${range}`, { signal })
    },
    refetchInterval: 10_000,
  })

export const serviceIncidentsQuery = (id: string) =>
  queryOptions({
    queryKey: keys.serviceIncidents(id),
    queryFn: ({ signal }) =>
      api<Page<IncidentView>>(`/api/v1/services/${encodeURIComponent(id)}/incidents`, { signal }),
    refetchInterval: 15_000,
  })

/** A plan is built on request and not again by itself: what is on the screen is what is signed. */
export const planQuery = (service: string, kind: RunKind, inputs: RunInputs) =>
  queryOptions({
    queryKey: keys.plan(service, `${kind} ${JSON.stringify(inputs)}`),
    queryFn: ({ signal }) =>
      api<PlanPreview>(`/api/v1/services/${encodeURIComponent(service)}/plans`, {
        method: 'POST',
        body: { kind, inputs, reason: 'preview' },
        idempotencyKey: newIdempotencyKey(),
        signal,
      }),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })

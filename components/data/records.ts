import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { AuditEntryView, AuditVerification, IncidentView, MeView } from '@/server/queries/dto/records'
import { api, newIdempotencyKey, queryString } from './fetcher'
import { keys } from './keys'
import type { Page } from './page'

export const meQuery = () =>
  queryOptions({
    queryKey: keys.me,
    queryFn: ({ signal }) => api<MeView>('/api/v1/me', { signal }),
    staleTime: 60_000,
  })

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: keys.incident(id),
    queryFn: ({ signal }) => api<IncidentView>(`/api/v1/incidents/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: 5_000,
  })

export function useAcknowledge() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (incident: string) =>
      api<unknown>(`/api/v1/incidents/${encodeURIComponent(incident)}/acknowledge`, {
        method: 'POST',
        body: {},
        idempotencyKey: newIdempotencyKey(),
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ['incidents'] }),
  })
}

export type AuditFilter = { action?: string; actor?: string; outcome?: string; runId?: string }

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: keys.auditList(JSON.stringify(filter)),
    queryFn: ({ signal, pageParam }) =>
      api<Page<AuditEntryView>>(`/api/v1/audit${queryString({ ...filter, cursor: pageParam, limit: 50 })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  })

/** Reads the whole chain, so it is asked for by a person and not by a timer. */
export const auditVerificationQuery = () =>
  queryOptions({
    queryKey: keys.auditVerification,
    queryFn: ({ signal }) => api<AuditVerification>('/api/v1/audit/verification', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  })

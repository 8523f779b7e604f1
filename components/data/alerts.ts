import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { JsonObject } from '@/server/domain/json'
import type { AlertDetail, AlertsView } from '@/server/queries/dto/alerts'
import { api, queryString } from './fetcher'
import { keys } from './keys'

export type AlertFilter = { service?: string; severity?: string; state?: string }

export const alertsQuery = (filter: AlertFilter) =>
  queryOptions({
    queryKey: keys.alertList(JSON.stringify(filter)),
    queryFn: ({ signal }) => api<AlertsView>(`/api/v1/alerts${queryString(filter)}`, { signal }),
    refetchInterval: 10_000,
  })

export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: keys.alert(id),
    queryFn: ({ signal }) => api<AlertDetail>(`/api/v1/alerts/${encodeURIComponent(id)}`, { signal }),
  })

/** Whatever is done to alerts and silences; `under` is the path below the alerts. */
export function useAlertChange() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ under, body, key }: { under: string; body: JsonObject; key: string }) =>
      api<unknown>(`/api/v1/alerts/${under}`, { method: 'POST', body, idempotencyKey: key }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.alerts }),
  })
}

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { JsonObject } from '@/server/domain/json'
import type { ReadinessView } from '@/server/queries/dto/readiness'
import type { ThresholdsView } from '@/server/queries/dto/thresholds'
import { api } from './fetcher'
import { keys } from './keys'

const pathOf = (service: string) => `/api/v1/services/${encodeURIComponent(service)}`

export const thresholdsQuery = (service: string) =>
  queryOptions({
    queryKey: keys.thresholds(service),
    queryFn: ({ signal }) => api<ThresholdsView>(`${pathOf(service)}/thresholds`, { signal }),
    refetchInterval: 10_000,
  })

export const readinessQuery = (service: string) =>
  queryOptions({
    queryKey: keys.readiness(service),
    queryFn: ({ signal }) => api<ReadinessView>(`${pathOf(service)}/readiness`, { signal }),
    refetchInterval: 15_000,
  })

/** `under` is the signal, or the signal and `/reset`. The answer is the page as it is then. */
export function useThresholdChange(service: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ under, body, key }: { under: string; body: JsonObject; key: string }) =>
      api<ThresholdsView>(`${pathOf(service)}/thresholds/${under}`, { method: 'POST', body, idempotencyKey: key }),
    onSuccess: (view) => client.setQueryData(keys.thresholds(service), view),
    onSettled: () => client.invalidateQueries({ queryKey: keys.services }),
  })
}

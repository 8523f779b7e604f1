import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { DivergenceDecisionBody, DivergenceView, StrandedRowView } from '@/server/queries/dto/divergence'
import { api, newIdempotencyKey, queryString } from './fetcher'
import { keys } from './keys'
import type { Page } from './page'

const pathOf = (id: string): string => `/api/v1/divergences/${encodeURIComponent(id)}`

export const divergencesQuery = (service: string) =>
  queryOptions({
    queryKey: keys.divergences(service),
    queryFn: ({ signal }) =>
      api<{ items: DivergenceView[] }>(`/api/v1/services/${encodeURIComponent(service)}/divergences`, { signal }),
  })

export const divergenceQuery = (id: string) =>
  queryOptions({
    queryKey: keys.divergence(id),
    queryFn: ({ signal }) => api<DivergenceView>(pathOf(id), { signal }),
  })

export const strandedRowsQuery = (id: string, table: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.divergence(id), 'rows', table],
    queryFn: ({ signal, pageParam }) =>
      api<Page<StrandedRowView>>(`${pathOf(id)}/rows${queryString({ table, cursor: pageParam, limit: 50 })}`, {
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    // Kept rows never change.
    staleTime: Number.POSITIVE_INFINITY,
  })

export function rowsFile(id: string, table: string, format: 'csv' | 'ndjson'): string {
  return `${pathOf(id)}/rows${queryString({ table, format })}`
}

export function useDecideDivergence(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: DivergenceDecisionBody) =>
      api<DivergenceView>(`${pathOf(id)}/decisions`, { method: 'POST', body, idempotencyKey: newIdempotencyKey() }),
    onSuccess: (view) => client.setQueryData(keys.divergence(id), view),
    onSettled: () => client.invalidateQueries({ queryKey: ['services'] }),
  })
}

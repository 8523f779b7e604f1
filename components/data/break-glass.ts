import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReviewVerdict } from '@/server/domain/break-glass-review'
import type { BreakGlassView } from '@/server/queries/dto/break-glass'
import type { CommitWindowView } from '@/server/queries/dto/commit-window'
import { api } from './fetcher'
import { keys } from './keys'
import type { Page } from './page'

/** Under the keys of runs and services, so that what is told of those reads these again too. */
export const breakGlassQuery = () =>
  queryOptions({
    queryKey: [...keys.runs, 'break-glass'],
    queryFn: ({ signal }) => api<Page<BreakGlassView>>('/api/v1/break-glass', { signal }),
    refetchInterval: 10_000,
  })

export const reviewQuery = (runId: string) =>
  queryOptions({
    queryKey: [...keys.runs, 'review', runId],
    queryFn: ({ signal }) => api<BreakGlassView>(`/api/v1/runs/${encodeURIComponent(runId)}/review`, { signal }),
    refetchInterval: 15_000,
  })

type Review = { runId: string; verdict: ReviewVerdict; findings: string; key: string }

export function useReview() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ runId, key, ...body }: Review) =>
      api<BreakGlassView>(`/api/v1/runs/${encodeURIComponent(runId)}/review`, {
        method: 'POST',
        body,
        idempotencyKey: key,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.runs }),
  })
}

export const commitWindowQuery = (service: string) =>
  queryOptions({
    queryKey: [...keys.service(service), 'commit-window'],
    queryFn: ({ signal }) =>
      api<CommitWindowView>(`/api/v1/services/${encodeURIComponent(service)}/commit-window`, { signal }),
    refetchInterval: 10_000,
  })

type Commit = { service: string; runId: string; reason: string; key: string }

export function useCommit() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ service, key, ...body }: Commit) =>
      api<CommitWindowView>(`/api/v1/services/${encodeURIComponent(service)}/commit-window`, {
        method: 'POST',
        body,
        idempotencyKey: key,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.services }),
  })
}

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { JsonObject } from '@/server/domain/json'
import type { RunKind } from '@/server/domain/plan/types'
import { activeRunStates } from '@/server/domain/run/states'
import type { RunSummary, RunView } from '@/server/queries/dto/run'
import { connection, linkOf } from './connection'
import { api, queryString } from './fetcher'
import { keys } from './keys'
import type { Page } from './page'
import { secondFactorHeader } from './second-factor'

export type RunFilter = { service?: string; state?: string; limit?: number }

/** What waits for a decision: the inbox, and the count in the navigation. */
export const waitingRuns: RunFilter = { state: 'awaiting_approval', limit: 50 }

/** Everything past its decision, for the lower half of the inbox. */
export const decidedRuns: RunFilter = {
  state: 'approved,running,paused,succeeded,failed,aborted,compensated,compensation_failed,rejected,expired,superseded',
  limit: 10,
}

export const runsQuery = (filter: RunFilter) =>
  queryOptions({
    queryKey: keys.runList(JSON.stringify(filter)),
    queryFn: ({ signal }) => api<Page<RunSummary>>(`/api/v1/runs${queryString(filter)}`, { signal }),
    refetchInterval: 10_000,
  })

/** While a run moves it is read each 2 s without the stream, and each 5 s beside it, also in a tab that is not looked at. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: keys.run(id),
    queryFn: ({ signal }) => api<RunView>(`/api/v1/runs/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: (query) => {
      const state = query.state.data?.state
      if (state && !activeRunStates.includes(state)) return 15_000
      return linkOf(connection.get(), Date.now()) === 'live' ? 5_000 : 2_000
    },
    refetchIntervalInBackground: true,
  })

/** What is asked for beside the kind: each kind says which it takes. */
export type RunInputs = JsonObject
type Request = {
  service: string
  kind: RunKind
  inputs: RunInputs
  reason: string
  key: string
  /** Of the second factor, where the request overrides rules. */
  code?: string
}

export function useRequestRun() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ service, kind, inputs, reason, key, code }: Request) =>
      api<{ id: string; digest: string }>(`/api/v1/services/${encodeURIComponent(service)}/runs`, {
        method: 'POST',
        body: { kind, inputs, reason },
        idempotencyKey: key,
        ...(code ? { headers: { [secondFactorHeader]: code } } : {}),
      }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.runs }),
  })
}

type Decision = { runId: string; decision: 'approve' | 'reject'; digest: string; comment: string; key: string }

export function useDecide() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ runId, key, ...body }: Decision) =>
      api<unknown>(`/api/v1/runs/${encodeURIComponent(runId)}/approvals`, {
        method: 'POST',
        body,
        idempotencyKey: key,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.runs }),
  })
}

export const controls = ['pause', 'resume', 'abort', 'retry', 'skip'] as const
export type Control = (typeof controls)[number]
type ControlRequest = { runId: string; control: Control; reason: string; stepKey?: string; key: string }

export function useControlRun() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ runId, control, reason, stepKey, key }: ControlRequest) =>
      api<unknown>(`/api/v1/runs/${encodeURIComponent(runId)}/${control}`, {
        method: 'POST',
        body: { reason, ...(stepKey ? { stepKey } : {}) },
        idempotencyKey: key,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.runs }),
  })
}

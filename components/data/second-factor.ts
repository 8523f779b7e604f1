import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { SecondFactorView } from '@/server/queries/dto/second-factor'
import { api } from './fetcher'
import { keys } from './keys'

/** In which header a code travels: never in a body, which is kept with the idempotency key. */
export const secondFactorHeader = 'lifeboat-second-factor'

const path = '/api/v1/me/second-factor'

export const secondFactorQuery = () =>
  queryOptions({
    queryKey: [...keys.me, 'second-factor'],
    queryFn: ({ signal }) => api<SecondFactorView>(path, { signal }),
  })

function useChange<V, R>(verb: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: V) => api<R>(`${path}${verb}`, { method: 'POST', body }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.me }),
  })
}

export const useBeginFactor = () => useChange<{ password: string }, { secret: string; uri: string }>('')
export const useConfirmFactor = () => useChange<{ code: string }, { backupCodes: string[] }>('/confirm')
export const useRemoveFactor = () => useChange<{ code: string }, SecondFactorView>('/remove')

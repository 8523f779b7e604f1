import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { JsonObject } from '@/server/domain/json'
import type { ModeView } from '@/server/queries/dto/mode'
import { api } from './fetcher'
import { keys } from './keys'

const pathOf = (service: string) => `/api/v1/services/${encodeURIComponent(service)}/mode`

/** Rules turn over with every look of a worker: read often, stream or not. */
export const modeQuery = (service: string) =>
  queryOptions({
    queryKey: keys.mode(service),
    queryFn: ({ signal }) => api<ModeView>(pathOf(service), { signal }),
    refetchInterval: 5_000,
  })

/** Whatever is done on the page: `under` is the path below the mode. The answer is the page as it is then. */
export function useModeChange(service: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ under, body, key }: { under: string; body: JsonObject; key: string }) =>
      api<ModeView>(`${pathOf(service)}/${under}`, { method: 'POST', body, idempotencyKey: key }),
    onSuccess: (view) => client.setQueryData(keys.mode(service), view),
    onSettled: () => client.invalidateQueries({ queryKey: keys.services }),
  })
}

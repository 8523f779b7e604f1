import { QueryClient } from '@tanstack/react-query'
import { ProblemError } from './problem'

/** A refusal is an answer and is not asked again; a failure to answer is, twice. */
function retry(failures: number, error: unknown): boolean {
  if (error instanceof ProblemError && error.status >= 400 && error.status < 500) return false
  return failures < 2
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        gcTime: 5 * 60_000,
        retry,
        retryDelay: 800,
        refetchOnReconnect: true,
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}

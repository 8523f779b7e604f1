import { dehydrate, HydrationBoundary } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { makeQueryClient } from '@/components/data/query-client'
import type { Context } from '@/server/services/context'
import type { Read } from './reads'

/**
 * Reads on the server what the page shows first, into the cache that the browser goes on with. A read that fails is left out: the
 * browser asks again and shows the refusal where it belongs.
 */
export async function Prefetched({
  context,
  read,
  children,
}: {
  context: Context
  read: readonly Read[]
  children: ReactNode
}) {
  const client = makeQueryClient()
  await Promise.all(
    read.map((each) =>
      each.paged
        ? client.prefetchInfiniteQuery({
            queryKey: each.key,
            queryFn: () => each.from(context),
            initialPageParam: null,
            retry: false,
          })
        : client.prefetchQuery({ queryKey: each.key, queryFn: () => each.from(context), retry: false }),
    ),
  )
  return <HydrationBoundary state={dehydrate(client)}>{children}</HydrationBoundary>
}

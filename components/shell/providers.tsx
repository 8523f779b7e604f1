'use client'
import { type QueryCache, type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { ThemeProvider } from 'next-themes'
import { type ReactNode, useState } from 'react'
import { Toaster } from 'sonner'
import { ProblemError } from '@/components/data/problem'
import { makeQueryClient } from '@/components/data/query-client'
import { NowProvider } from '@/components/ui/now'
import { TooltipProvider } from '@/components/ui/tooltip'

type Props = { nonce: string | undefined; renderedAtMs: number; children: ReactNode }

/** What every page needs around it; dark is the default, since the page is read at night. */
export function Providers({ nonce, renderedAtMs, children }: Props) {
  const [client] = useState(browserClient)
  return (
    <ThemeProvider attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange nonce={nonce}>
      <QueryClientProvider client={client}>
        <NowProvider renderedAtMs={renderedAtMs}>
          <TooltipProvider delayDuration={250}>{children}</TooltipProvider>
        </NowProvider>
      </QueryClientProvider>
      <Toaster
        position="bottom-right"
        closeButton
        toastOptions={{ className: '!border-border-strong !bg-surface !text-foreground' }}
      />
    </ThemeProvider>
  )
}

function browserClient(): QueryClient {
  const client = makeQueryClient()
  const cache: QueryCache = client.getQueryCache()
  cache.config.onError = (error) => {
    if (error instanceof ProblemError && error.status === 401) signInAgain()
  }
  return client
}

/** The session is over: after signing in, the reader is back where they were. */
function signInAgain(): void {
  if (window.location.pathname === '/sign-in') return
  const here = window.location.pathname + window.location.search
  window.location.assign(`/sign-in?next=${encodeURIComponent(here)}`)
}

import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { LiveEvents } from '@/components/data/live'
import { waitingRuns } from '@/components/data/runs'
import { BreakGlassBanner } from '@/components/shell/break-glass-banner'
import { ImpairedBanner } from '@/components/shell/impaired-banner'
import { Navigation } from '@/components/shell/navigation'
import { TopBar } from '@/components/shell/top-bar'
import { Prefetched } from './prefetched'
import { reads } from './reads'
import { signedIn } from './signed-in'

export const dynamic = 'force-dynamic'

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const context = await signedIn()
  const environment = (await headers()).get('host') ?? 'unknown'
  return (
    <Prefetched context={context} read={[reads.me(), reads.runs(waitingRuns), reads.breakGlass()]}>
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent px-4 py-3 font-medium text-accent-foreground focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <LiveEvents />
      <TopBar environment={environment} />
      <div className="md:flex">
        <Navigation />
        <div className="min-w-0 flex-1">
          <ImpairedBanner />
          <BreakGlassBanner />
          <main id="main" tabIndex={-1} className="mx-auto max-w-[84rem] px-4 pt-5 pb-24 outline-none md:px-6 md:pb-10">
            {children}
          </main>
        </div>
      </div>
    </Prefetched>
  )
}

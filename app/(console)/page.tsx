import type { Metadata } from 'next'
import { Overview } from '@/components/overview/overview'
import { Prefetched } from './prefetched'
import { reads } from './reads'
import { signedIn } from './signed-in'

export const metadata: Metadata = { title: 'Overview' }

export default async function OverviewPage() {
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.services()]}>
      <Overview />
    </Prefetched>
  )
}

import type { Metadata } from 'next'
import { RunList } from '@/components/runs/run-list'
import { Prefetched } from '../prefetched'
import { reads } from '../reads'
import { signedIn } from '../signed-in'

export const metadata: Metadata = { title: 'Runs' }

export default async function Page() {
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.runs({ limit: 50 })]}>
      <RunList />
    </Prefetched>
  )
}

import type { Metadata } from 'next'
import { ApprovalsPage } from '@/components/approvals/approvals-page'
import { decidedRuns } from '@/components/data/runs'
import { Prefetched } from '../prefetched'
import { reads } from '../reads'
import { signedIn } from '../signed-in'

export const metadata: Metadata = { title: 'Approvals' }

export default async function Page() {
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.services(), reads.runs(decidedRuns)]}>
      <ApprovalsPage />
    </Prefetched>
  )
}

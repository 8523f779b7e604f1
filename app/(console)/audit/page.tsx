import type { Metadata } from 'next'
import { AuditPage } from '@/components/audit/audit-page'
import { Prefetched } from '../prefetched'
import { reads } from '../reads'
import { signedIn } from '../signed-in'

export const metadata: Metadata = { title: 'Audit' }

export default async function Page() {
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.audit()]}>
      <AuditPage />
    </Prefetched>
  )
}

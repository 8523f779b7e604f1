import type { Metadata } from 'next'
import { RunWizard } from '@/components/request/run-wizard'
import { Prefetched } from '../../../prefetched'
import { reads } from '../../../reads'
import { signedIn } from '../../../signed-in'

export const metadata: Metadata = { title: 'Fail back' }

export default async function Page({ params }: { params: Promise<{ service: string }> }) {
  const { service } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.service(service)]}>
      <RunWizard serviceId={service} kind="failback" overridable={{}} />
    </Prefetched>
  )
}

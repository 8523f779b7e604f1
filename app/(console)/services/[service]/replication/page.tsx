import type { Metadata } from 'next'
import { ReplicationPage } from '@/components/replication/replication-page'
import { Prefetched } from '../../../prefetched'
import { reads } from '../../../reads'
import { signedIn } from '../../../signed-in'

export const metadata: Metadata = { title: 'Replication' }

export default async function Page({ params }: { params: Promise<{ service: string }> }) {
  const { service } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.service(service)]}>
      <ReplicationPage service={service} />
    </Prefetched>
  )
}

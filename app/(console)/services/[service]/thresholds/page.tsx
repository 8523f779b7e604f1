import type { Metadata } from 'next'
import { ThresholdsPage } from '@/components/thresholds/thresholds-page'
import { Prefetched } from '../../../prefetched'
import { reads } from '../../../reads'
import { signedIn } from '../../../signed-in'

export const metadata: Metadata = { title: 'Thresholds' }

export default async function Page({ params }: { params: Promise<{ service: string }> }) {
  const { service } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.thresholds(service)]}>
      <ThresholdsPage service={service} />
    </Prefetched>
  )
}

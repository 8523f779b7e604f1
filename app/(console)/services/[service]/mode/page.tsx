import type { Metadata } from 'next'
import { ModePage } from '@/components/mode/mode-page'
import { Prefetched } from '../../../prefetched'
import { reads } from '../../../reads'
import { signedIn } from '../../../signed-in'

export const metadata: Metadata = { title: 'What happens by itself' }

export default async function Page({ params }: { params: Promise<{ service: string }> }) {
  const { service } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.mode(service)]}>
      <ModePage service={service} />
    </Prefetched>
  )
}

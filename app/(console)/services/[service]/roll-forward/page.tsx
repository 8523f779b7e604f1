import type { Metadata } from 'next'
import { RollForwardWizard } from '@/components/request/roll-forward-wizard'
import { Prefetched } from '../../../prefetched'
import { reads } from '../../../reads'
import { signedIn } from '../../../signed-in'

export const metadata: Metadata = { title: 'Undo a bad change' }

/** The moments that can be reached move with the clock: the browser asks for the plan of the one that is chosen. */
export default async function Page({ params }: { params: Promise<{ service: string }> }) {
  const { service } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.service(service)]}>
      <RollForwardWizard serviceId={service} />
    </Prefetched>
  )
}

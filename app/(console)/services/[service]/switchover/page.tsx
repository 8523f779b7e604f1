import type { Metadata } from 'next'
import { MaintenanceHint } from '@/components/request/maintenance-hint'
import { RunWizard } from '@/components/request/run-wizard'
import { Prefetched } from '../../../prefetched'
import { reads } from '../../../reads'
import { signedIn } from '../../../signed-in'

export const metadata: Metadata = { title: 'Switch over' }

/** Planned work overrides no rule: there is nothing to break glass for. */
export default async function Page({ params }: { params: Promise<{ service: string }> }) {
  const { service } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.service(service)]}>
      <RunWizard serviceId={service} kind="switchover" overridable={{}} fields={<MaintenanceHint />} />
    </Prefetched>
  )
}

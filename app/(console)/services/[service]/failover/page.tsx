import type { Metadata } from 'next'
import { RunWizard } from '@/components/request/run-wizard'
import { overridable } from '@/server/domain/plan/build-failover'
import { Prefetched } from '../../../prefetched'
import { reads } from '../../../reads'
import { signedIn } from '../../../signed-in'

export const metadata: Metadata = { title: 'Fail over' }

/** The plan itself is built when the browser asks: its age is part of what is shown. */
export default async function Page({ params }: { params: Promise<{ service: string }> }) {
  const { service } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.service(service)]}>
      <RunWizard serviceId={service} kind="failover" overridable={overridable} />
    </Prefetched>
  )
}

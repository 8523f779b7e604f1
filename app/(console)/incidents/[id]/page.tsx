import type { Metadata } from 'next'
import { IncidentPage } from '@/components/incidents/incident-page'
import { Prefetched } from '../../prefetched'
import { reads } from '../../reads'
import { signedIn } from '../../signed-in'

export const metadata: Metadata = { title: 'Incident' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.incident(id)]}>
      <IncidentPage id={id} />
    </Prefetched>
  )
}

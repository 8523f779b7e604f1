import type { Metadata } from 'next'
import { EvacuateWizard } from '@/components/request/evacuate-wizard'
import { Prefetched } from '../../../prefetched'
import { reads } from '../../../reads'
import { signedIn } from '../../../signed-in'

export const metadata: Metadata = { title: 'Evacuate a region' }

type Props = {
  params: Promise<{ service: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** The region and the direction may come with the address, so that a finding or a runbook can lead here. */
export default async function Page({ params, searchParams }: Props) {
  const { service } = await params
  const { region, direction } = await searchParams
  const context = await signedIn()
  const first = {
    region: typeof region === 'string' ? region : null,
    direction: direction === 'back' ? ('back' as const) : ('out' as const),
  }
  return (
    <Prefetched context={context} read={[reads.service(service)]}>
      <EvacuateWizard serviceId={service} first={first} />
    </Prefetched>
  )
}

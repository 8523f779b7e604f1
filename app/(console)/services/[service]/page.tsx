import type { Metadata } from 'next'
import { ServicePage } from '@/components/service/service-page'
import { Prefetched } from '../../prefetched'
import { reads } from '../../reads'
import { signedIn } from '../../signed-in'

type Props = { params: Promise<{ service: string }> }

/** As the page's chart asks for it. */
const lagMinutes = 15

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await params).service }
}

export default async function Page({ params }: Props) {
  const { service } = await params
  const context = await signedIn()
  return (
    <Prefetched
      context={context}
      read={[
        reads.service(service),
        reads.commitWindow(service),
        reads.divergences(service),
        reads.lag(service, lagMinutes),
        reads.runs({ service, limit: 5 }),
        reads.incidentsOf(service),
      ]}
    >
      <ServicePage id={service} />
    </Prefetched>
  )
}

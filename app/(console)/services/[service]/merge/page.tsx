import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { RunWizard } from '@/components/request/run-wizard'
import { Prefetched } from '../../../prefetched'
import { reads } from '../../../reads'
import { signedIn } from '../../../signed-in'

export const metadata: Metadata = { title: 'Re-insert kept rows' }

type Props = {
  params: Promise<{ service: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** Which kept rows stands in the address; which of their tables was decided on their own page. */
export default async function Page({ params, searchParams }: Props) {
  const { service } = await params
  const { divergence } = await searchParams
  if (typeof divergence !== 'string') notFound()
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.service(service)]}>
      <RunWizard serviceId={service} kind="merge" overridable={{}} inputs={{ divergenceId: divergence }} />
    </Prefetched>
  )
}

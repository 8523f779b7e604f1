import type { Metadata } from 'next'
import { DivergencePage } from '@/components/divergence/divergence-page'
import { Prefetched } from '../../../../prefetched'
import { reads } from '../../../../reads'
import { signedIn } from '../../../../signed-in'

export const metadata: Metadata = { title: 'Divergence' }

export default async function Page({ params }: { params: Promise<{ service: string; id: string }> }) {
  const { id } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.divergence(id)]}>
      <DivergencePage id={id} />
    </Prefetched>
  )
}

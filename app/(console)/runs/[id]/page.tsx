import type { Metadata } from 'next'
import { RunPage } from '@/components/runs/run-page'
import { Prefetched } from '../../prefetched'
import { reads } from '../../reads'
import { signedIn } from '../../signed-in'

export const metadata: Metadata = { title: 'Run' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.run(id)]}>
      <RunPage id={id} />
    </Prefetched>
  )
}

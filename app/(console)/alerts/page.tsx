import type { Metadata } from 'next'
import { AlertsPage } from '@/components/alerts/alerts-page'
import { Prefetched } from '../prefetched'
import { reads } from '../reads'
import { signedIn } from '../signed-in'

export const metadata: Metadata = { title: 'Alerts' }

type Search = Record<string, string | string[] | undefined>

export default async function Page({ searchParams }: { searchParams: Promise<Search> }) {
  const search = await searchParams
  const text = (name: string) => (typeof search[name] === 'string' ? search[name] : undefined)
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.alerts()]}>
      <AlertsPage initial={{ service: text('service'), severity: text('severity'), state: text('state') }} />
    </Prefetched>
  )
}

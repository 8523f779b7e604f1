import type { Metadata } from 'next'
import { AccountPage } from '@/components/account/account-page'
import { Prefetched } from '../prefetched'
import { reads } from '../reads'
import { signedIn } from '../signed-in'

export const metadata: Metadata = { title: 'Account' }

export default async function Page() {
  const context = await signedIn()
  return (
    <Prefetched context={context} read={[reads.secondFactor()]}>
      <AccountPage />
    </Prefetched>
  )
}

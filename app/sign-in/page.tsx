import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { ownPath } from '@/components/shell/own-path'
import { SignInForm } from '@/components/shell/sign-in-form'
import { Mark } from '@/components/shell/top-bar'
import { pageContext } from '@/server/http/session'

export const metadata: Metadata = { title: 'Sign in' }
export const dynamic = 'force-dynamic'

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const next = ownPath((await searchParams).next)
  if (await pageContext()) redirect(next)
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center px-4 py-10">
      <div className="mb-6 flex items-center gap-3">
        <Mark className="size-10" />
        <div>
          <h1 className="font-semibold text-2xl leading-tight">Sign in to Lifeboat</h1>
          <p className="text-muted text-sm">Disaster-recovery control plane</p>
        </div>
      </div>
      <SignInForm next={next} />
    </main>
  )
}

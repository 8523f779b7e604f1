import Link from 'next/link'
import { Mark } from '@/components/shell/top-bar'
import { Button } from '@/components/ui/button'

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-4 p-6">
      <Mark className="size-10" />
      <h1 className="font-semibold text-2xl">There is no page at this address</h1>
      <p className="text-muted">The address may be mistyped, or what it named was never here. Nothing was changed.</p>
      <Button asChild variant="primary" className="w-fit">
        <Link href="/">Go to the overview</Link>
      </Button>
    </main>
  )
}

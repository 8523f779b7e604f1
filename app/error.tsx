'use client'
import { PageFault } from '@/components/shell/page-fault'

export default function AppError({ error, reset }: { error: Error & { digest?: string }; reset(): void }) {
  return (
    <main className="mx-auto max-w-2xl p-6">
      <PageFault reference={error.digest} again={reset} />
    </main>
  )
}

'use client'
import { PageFault } from '@/components/shell/page-fault'

export default function ConsoleError({ error, reset }: { error: Error & { digest?: string }; reset(): void }) {
  return <PageFault reference={error.digest} again={reset} />
}

'use client'
import { toProblem } from '@/components/data/problem'
import { PageHeader } from './page-header'
import { ProblemAlert } from './problem-alert'

/** Stands in for a page whose main reading was refused or failed. */
export function ProblemPage({ about, error, onRetry }: { about: string; error: unknown; onRetry(): void }) {
  return (
    <>
      <PageHeader eyebrow={about} sentence={toProblem(error).detail} />
      <ProblemAlert error={error} onRetry={onRetry} />
    </>
  )
}

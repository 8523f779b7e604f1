import type { ReactNode } from 'react'

/** A page opens with what it is about, small, and the one sentence that answers its question, large. */
export function PageHeader({
  eyebrow,
  sentence,
  children,
}: {
  eyebrow: ReactNode
  sentence: ReactNode
  children?: ReactNode
}) {
  return (
    <header className="mb-5 space-y-1.5">
      <div className="flex min-h-6 flex-wrap items-center gap-x-3 gap-y-1 text-muted text-sm">{eyebrow}</div>
      <h1 className="max-w-4xl text-pretty font-semibold text-xl leading-snug md:text-2xl">{sentence}</h1>
      {children}
    </header>
  )
}

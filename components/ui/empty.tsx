import type { ReactNode } from 'react'

/** Nothing to show: why, and what would change that. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="rounded-lg border border-border-strong border-dashed bg-surface px-6 py-10 text-center">
      <p className="font-semibold">{title}</p>
      {children ? <div className="mx-auto mt-1 max-w-prose text-muted text-sm">{children}</div> : null}
    </div>
  )
}

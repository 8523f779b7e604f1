import type { ReactNode } from 'react'
import { cn } from './cn'

/** A part of the page that scrolls by itself. It takes focus, so that arrow keys move it. */
export function ScrollBox({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard
    <section aria-label={label} tabIndex={0} className={cn('relative overflow-auto', className)}>
      {children}
    </section>
  )
}

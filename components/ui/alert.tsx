import type { ReactNode } from 'react'
import { cn } from './cn'

const looks = {
  down: { frame: 'border-down bg-down-soft', mark: '✖', ink: 'text-down' },
  degraded: { frame: 'border-degraded bg-degraded-soft', mark: '▲', ink: 'text-degraded' },
  info: { frame: 'border-border-strong bg-surface-2', mark: 'i', ink: 'text-muted' },
  ok: { frame: 'border-ok bg-ok-soft', mark: '✓', ink: 'text-ok' },
} as const

/** A sentence that has to be read. `live` announces it: assertive for failures, polite for the rest. */
export function Alert({
  tone,
  title,
  children,
  live,
  className,
}: {
  tone: keyof typeof looks
  title: ReactNode
  children?: ReactNode
  live?: 'assertive' | 'polite'
  className?: string
}) {
  const look = looks[tone]
  return (
    <div
      role={live === 'assertive' ? 'alert' : live === 'polite' ? 'status' : undefined}
      className={cn('flex gap-3 rounded-lg border border-l-4 p-3', look.frame, className)}
    >
      <span aria-hidden className={cn('w-4 shrink-0 text-center font-bold', look.ink)}>
        {look.mark}
      </span>
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{title}</p>
        {children ? <div className="mt-1 text-sm">{children}</div> : null}
      </div>
    </div>
  )
}

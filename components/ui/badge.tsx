import type { ComponentProps } from 'react'
import { cn } from './cn'

/** A word in a quiet frame: kinds, modes, roles. Never a state; those are `HealthMark`. */
export function Badge({ className, ...props }: ComponentProps<'span'>) {
  return (
    <span
      className={cn(
        'inline-flex items-center gap-1 whitespace-nowrap rounded border bg-surface-2 px-1.5 py-0.5 font-medium text-foreground text-xs leading-4',
        className,
      )}
      {...props}
    />
  )
}

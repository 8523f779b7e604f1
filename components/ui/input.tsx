import type { ComponentProps } from 'react'
import { cn } from './cn'

export const fieldClasses =
  'w-full rounded-md border border-border-strong bg-surface px-3 text-base text-foreground placeholder:text-muted disabled:opacity-55 aria-invalid:border-down md:text-sm'

export function Input({ className, type = 'text', ...props }: ComponentProps<'input'>) {
  return <input type={type} className={cn(fieldClasses, 'min-h-11 md:min-h-9', className)} {...props} />
}

export function Textarea({ className, rows = 3, ...props }: ComponentProps<'textarea'>) {
  return <textarea rows={rows} className={cn(fieldClasses, 'py-2', className)} {...props} />
}

export function NativeSelect({ className, ...props }: ComponentProps<'select'>) {
  return <select className={cn(fieldClasses, 'min-h-11 pr-8 md:min-h-9', className)} {...props} />
}

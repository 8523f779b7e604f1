import type { ComponentProps } from 'react'
import { cn } from './cn'
import { ScrollBox } from './scroll-box'

/** A table that scrolls sideways by itself when the page is narrow. */
export function Table({ label, className, ...props }: ComponentProps<'table'> & { label: string }) {
  return (
    <ScrollBox label={label}>
      <table className={cn('figures w-full border-collapse text-left text-sm', className)} {...props} />
    </ScrollBox>
  )
}

export function Th({ className, ...props }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      className={cn('whitespace-nowrap border-b px-4 py-2 font-medium text-muted text-xs', className)}
      {...props}
    />
  )
}

export function Td({ className, ...props }: ComponentProps<'td'>) {
  return <td className={cn('border-b px-4 py-2 align-top', className)} {...props} />
}

export function Tr({ className, ...props }: ComponentProps<'tr'>) {
  return <tr className={cn('[&:last-child>td]:border-b-0', className)} {...props} />
}

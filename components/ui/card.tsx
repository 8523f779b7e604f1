import type { ComponentProps, ReactNode } from 'react'
import { cn } from './cn'

type CardProps = Omit<ComponentProps<'section'>, 'title'> & {
  title?: ReactNode
  /** Stands right of the title: a state, an age, a small control. */
  aside?: ReactNode
  level?: 2 | 3
}

/** A quiet surface with a heading; the heading names the section for screen readers. */
export function Card({ title, aside, level = 2, className, children, id, ...props }: CardProps) {
  const Heading = level === 2 ? 'h2' : 'h3'
  return (
    <section id={id} className={cn('min-w-0 rounded-lg border bg-surface', className)} {...props}>
      {title || aside ? (
        <header className="flex min-h-11 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b px-4 py-2">
          <Heading className="font-semibold text-[0.9375rem]">{title}</Heading>
          {aside ? <div className="flex items-center gap-3 text-muted text-xs">{aside}</div> : null}
        </header>
      ) : null}
      {children}
    </section>
  )
}

export function CardBody({ className, ...props }: ComponentProps<'div'>) {
  return <div className={cn('p-4', className)} {...props} />
}

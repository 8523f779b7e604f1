import { cn } from './cn'

/** Reserves the room of what is coming, so that nothing jumps when it arrives. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn('animate-pulse rounded bg-surface-2', className)} />
}

/** A card-sized skeleton that says to a screen reader what is being loaded. */
export function LoadingCard({ label, className }: { label: string; className?: string }) {
  return (
    <div role="status" className={cn('rounded-lg border bg-surface p-4', className)}>
      <span className="sr-only">Loading {label}</span>
      <Skeleton className="mb-4 h-5 w-1/3" />
      <Skeleton className="mb-2 h-4 w-full" />
      <Skeleton className="h-4 w-2/3" />
    </div>
  )
}

import { cn } from './cn'

type Shown = { name: string; index: number }

/**
 * A region's name with its stripe, wherever something acts on it. Services have two regions: the first in configuration has the solid
 * stripe, the other the broken one, on every page and whichever is the primary.
 */
export function RegionName({ name, index, className }: Shown & { className?: string }) {
  return (
    <span className={cn('whitespace-nowrap font-semibold', className)}>
      <span
        aria-hidden
        className={cn('mr-2 inline-block h-[1.1em] w-1 rounded-[1px] align-[-0.18em]', stripeOf(index))}
      />
      {name}
    </span>
  )
}

export function stripeOf(index: number): string {
  return index === 0 ? 'stripe-a' : 'stripe-b'
}

/** Place of a region in its service; a run outlives a change of configuration, and then falls back to the order of names. */
export function regionIndex(regions: readonly { id: string }[] | undefined, id: string, other?: string): number {
  const found = regions?.findIndex((region) => region.id === id) ?? -1
  if (found >= 0) return found
  return other !== undefined && other < id ? 1 : 0
}

export function RegionArrow({ from, to }: { from: Shown; to: Shown }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-x-3 gap-y-1 text-foreground">
      <RegionName {...from} />
      <span aria-hidden className="text-muted">
        →
      </span>
      <span className="sr-only">to</span>
      <RegionName {...to} />
    </span>
  )
}

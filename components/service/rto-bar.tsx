import { formatSeconds, plain } from '@/components/format/number'
import { cn } from '@/components/ui/cn'
import type { ReadinessView } from '@/server/queries/dto/readiness'

/** Neighbours differ in lightness, and each is numbered like its line below: no part is told by colour alone. */
const inks = [
  'bg-accent',
  'bg-accent/60',
  'bg-accent/85',
  'bg-accent/45',
  'bg-accent/75',
  'bg-accent/35',
  'bg-accent/65',
]

/** Where the time of a failover goes: a bar for the shares, and the figures with where each comes from. */
export function RtoBar({ arithmetic }: { arithmetic: ReadinessView['arithmetic'] }) {
  const { parts, totalSeconds, objectiveSeconds, withinObjective } = arithmetic
  const whole = Math.max(totalSeconds, 1)
  return (
    <figure className="space-y-2">
      <figcaption className="flex flex-wrap justify-between gap-x-3 text-xs">
        <span className="text-muted">Where the time goes, at worst</span>
        <span className={cn('figures font-medium', withinObjective ? 'text-ok' : 'text-degraded')}>
          {withinObjective ? '✓ within' : '▲ beyond'} the objective: {plain(formatSeconds(totalSeconds))} of{' '}
          {plain(formatSeconds(objectiveSeconds))}
        </span>
      </figcaption>
      <div aria-hidden className="flex h-4 w-full gap-px overflow-hidden rounded">
        {parts.map((each, index) =>
          each.seconds ? (
            <span
              key={each.part}
              className={cn('block h-full min-w-px', inks[index % inks.length])}
              style={{ width: `${(each.seconds / whole) * 100}%` }}
            />
          ) : null,
        )}
      </div>
      <ol className="figures space-y-0.5 text-xs">
        {parts.map((each, index) => (
          <li key={each.part} className="flex gap-2">
            <span className="w-4 shrink-0 text-right text-muted">{index + 1}</span>
            <span className="min-w-0 flex-1">
              {each.label}{' '}
              <span className="text-muted">
                ({each.source}: {each.how})
              </span>
            </span>
            <span className="shrink-0 font-medium">
              {each.seconds === null ? '? not in the sum' : plain(formatSeconds(each.seconds))}
            </span>
          </li>
        ))}
      </ol>
    </figure>
  )
}

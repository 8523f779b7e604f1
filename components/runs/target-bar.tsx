import { formatSeconds, plain } from '@/components/format/number'
import { cn } from '@/components/ui/cn'
import type { RunView } from '@/server/queries/dto/run'

/** Elapsed time against the target, with marks where detection and failover should be over. */
export function TargetBar({ elapsedMs, targets }: { elapsedMs: number; targets: RunView['targets'] }) {
  const whole = Math.max(targets.rtoSeconds, elapsedMs / 1000)
  const part = (seconds: number) => `${Math.min(100, (seconds / whole) * 100)}%`
  const marks = [
    { label: 'detected', at: targets.detectionSeconds },
    { label: 'failed over', at: targets.detectionSeconds + targets.failoverSeconds },
    { label: 'target', at: targets.rtoSeconds },
  ].filter((mark) => mark.at <= targets.rtoSeconds)
  return (
    <div className="mt-5">
      <div aria-hidden className="relative h-2.5 rounded-full bg-surface-2">
        <div
          className={cn('h-full rounded-full', elapsedMs > targets.rtoSeconds * 1000 ? 'bg-down' : 'bg-accent')}
          style={{ width: part(elapsedMs / 1000) }}
        />
        {marks.map((mark) => (
          <span
            key={mark.label}
            className="absolute -top-1 h-4.5 w-0.5 bg-border-strong"
            style={{ left: `calc(${part(mark.at)} - 1px)` }}
          />
        ))}
      </div>
      <ul className="relative mt-1.5 h-5 text-muted text-xs">
        {marks.map((mark, index) => (
          <li
            key={mark.label}
            className={cn(
              'figures absolute whitespace-nowrap',
              index === marks.length - 1 ? '-translate-x-full' : '-translate-x-1/2',
            )}
            style={{ left: part(mark.at) }}
          >
            <span className="hidden sm:inline">{mark.label} </span>
            {plain(formatSeconds(mark.at))}
          </li>
        ))}
      </ul>
    </div>
  )
}

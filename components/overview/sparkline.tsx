import { formatSeconds, plain } from '@/components/format/number'
import { cn } from '@/components/ui/cn'
import type { ServiceSummary } from '@/server/queries/dto/service'

const width = 112
const height = 48

/** Lag of the last minutes at a glance. A gap in observing is a gap in the line, never a line to zero. */
export function Sparkline({ points, className }: { points: ServiceSummary['lagSecondsRecent']; className?: string }) {
  const known = points.flatMap((point) => point.value ?? [])
  const top = Math.max(1, ...known)
  const worst = known.length ? plain(formatSeconds(Math.max(...known))) : null
  const label = worst ? `Lag of the last minutes, at most ${worst}` : 'Lag of the last minutes: nothing seen'
  return (
    <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} className={cn('overflow-visible', className)}>
      <line x1={0} x2={width} y1={height - 1} y2={height - 1} stroke="var(--border-strong)" strokeWidth={1} />
      {pieces(points, top).map((piece) => (
        <polyline
          key={piece}
          points={piece}
          fill="none"
          stroke="var(--accent)"
          strokeWidth={1.5}
          strokeLinejoin="round"
        />
      ))}
    </svg>
  )
}

/** Runs of neighbouring known points, as SVG point lists. */
function pieces(points: ServiceSummary['lagSecondsRecent'], top: number): string[] {
  const first = Date.parse(points[0]?.at ?? '')
  const span = Math.max(1, Date.parse(points.at(-1)?.at ?? '') - first)
  const done: string[] = []
  let open: string[] = []
  for (const point of [...points, { at: '', value: null }]) {
    if (point.value === null) {
      if (open.length) done.push(open.join(' '))
      open = []
      continue
    }
    const x = ((Date.parse(point.at) - first) / span) * width
    const y = height - 2 - (Math.min(point.value, top) / top) * (height - 4)
    open.push(`${x.toFixed(1)},${y.toFixed(1)}`)
  }
  return done
}

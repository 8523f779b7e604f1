import { formatSeconds, plain } from '@/components/format/number'
import type { MeasuredRun } from '@/server/queries/dto/run'

/** One lightness a phase, in order, so that it reads without hue; the list below carries the figures. */
const shades = [100, 78, 58, 40, 24]

/** Where the time went. */
export function PhasesBar({ phases }: { phases: MeasuredRun['phases'] }) {
  const total = phases.reduce((sum, phase) => sum + (phase.seconds ?? 0), 0)
  const shade = (index: number) => `color-mix(in oklch, var(--accent) ${shades[index] ?? 20}%, var(--surface-2))`
  return (
    <div className="mt-4">
      <div aria-hidden className="flex h-3 gap-px overflow-hidden rounded-full bg-surface-2">
        {phases.map((phase, index) => (
          <span key={phase.phase} style={{ flexGrow: phase.seconds ?? 0, background: shade(index) }} />
        ))}
      </div>
      <dl className="mt-3 space-y-1 text-sm">
        {phases.map((phase, index) => (
          <div key={phase.phase} className="flex items-center gap-2">
            <span
              aria-hidden
              className="size-2.5 rounded-sm border border-border-strong"
              style={{ background: shade(index) }}
            />
            <dt className="flex-1 capitalize">{phase.phase}</dt>
            <dd className="figures font-medium">{plain(formatSeconds(phase.seconds))}</dd>
            <dd className="figures w-12 text-right text-muted text-xs">
              {phase.seconds === null || total === 0 ? '' : `${Math.round((phase.seconds / total) * 100)} %`}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

'use client'
import { utcDateTime } from '@/components/format/time'
import type { SeriesView } from '@/server/queries/dto/series'
import { bandsOf } from './state-bands'

/** How a state is drawn: never by colour alone, so each has a word and a height of its own. */
export type StateLook = { word: string; className: string }

const unseen: StateLook = { word: 'not seen', className: 'h-1 bg-border-strong' }

/** What each subject was, over time: one row each, one band a state, with the word where there is room for it and always in the table. */
export function StateTimeline({
  view,
  looks,
  label,
}: {
  view: SeriesView
  looks: readonly StateLook[]
  label: string
}) {
  const fromMs = Date.parse(view.from)
  const at = (bucket: number): string => utcDateTime(new Date(fromMs + bucket * view.stepMs).toISOString())
  return (
    <figure aria-label={label} className="space-y-3">
      {view.series.map((series) => {
        const bands = bandsOf(series.min).map((band) => ({
          ...band,
          look: (band.state === null ? undefined : looks[band.state]) ?? unseen,
        }))
        const whole = Math.max(1, series.min.length)
        return (
          <div key={series.subject}>
            <p className="mb-1 font-mono text-xs">{series.subject}</p>
            <div className="flex h-7 items-end overflow-hidden rounded-sm bg-surface-2" aria-hidden>
              {bands.map((band) => (
                <span
                  key={band.from}
                  title={`${band.look.word}, ${at(band.from)} to ${at(band.to)}`}
                  className={`flex items-center overflow-hidden px-1 text-[0.6875rem] ${band.look.className}`}
                  style={{ width: `${((band.to - band.from) / whole) * 100}%` }}
                >
                  {(band.to - band.from) / whole > 0.12 && band.state !== null ? band.look.word : null}
                </span>
              ))}
            </div>
            <details className="mt-1 text-xs">
              <summary className="cursor-pointer text-muted">Show {series.subject} as a list</summary>
              <ul className="figures mt-1 space-y-0.5">
                {bands.map((band) => (
                  <li key={band.from}>
                    {at(band.from)} to {at(band.to)}: {band.look.word}
                  </li>
                ))}
              </ul>
            </details>
          </div>
        )
      })}
    </figure>
  )
}

'use client'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { movedRange, presets, type UrlRange, usualRange } from './range'

type Props = { range: UrlRange & { problem: string | null }; onChange(range: UrlRange): void }

/** How far back all charts of the page look. Dragging over a chart sets it too. */
export function RangePicker({ range, onChange }: Props) {
  const live = range.to === 'now'
  return (
    <div className="mb-4 space-y-2">
      <fieldset className="flex flex-wrap items-center gap-2">
        <legend className="sr-only">Range of all charts</legend>
        {presets.map((preset) => (
          <Button
            key={preset.from}
            size="sm"
            variant={live && range.from === preset.from ? 'primary' : 'default'}
            aria-pressed={live && range.from === preset.from}
            onClick={() => onChange({ from: preset.from, to: 'now' })}
          >
            {preset.word}
          </Button>
        ))}
        <Button size="sm" aria-label="Earlier" onClick={() => onChange(movedRange(range, -1, Date.now()))}>
          <ChevronLeft aria-hidden />
        </Button>
        <Button
          size="sm"
          aria-label="Later"
          disabled={live}
          title={live ? 'The range ends now already' : undefined}
          onClick={() => onChange(movedRange(range, 1, Date.now()))}
        >
          <ChevronRight aria-hidden />
        </Button>
        {live ? null : (
          <Button size="sm" onClick={() => onChange(usualRange)}>
            Back to now
          </Button>
        )}
      </fieldset>
      <p className="figures text-muted text-xs">
        {live ? 'Up to now, all times UTC. Drag over a chart to look closer.' : `${range.from} to ${range.to}`}
      </p>
      {range.problem ? (
        <p role="status" className="text-degraded text-sm">
          {range.problem}
        </p>
      ) : null}
    </div>
  )
}

'use client'
import { useState } from 'react'
import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts'
import { utcDateTime, utcTime } from '@/components/format/time'
import type { AnnotationsView, SeriesView } from '@/server/queries/dto/series'
import { type ChartPoint, pointsOf } from './points'
import { type UrlRange, zoomedRange } from './range'

export type Limit = { at: number; word: string }
type Props = {
  view: SeriesView
  annotations: AnnotationsView['items']
  limits: readonly Limit[]
  logarithmic: boolean
  format(value: number | null): string
  onZoom(range: UrlRange): void
  label: string
}

export const chartHeight = 200
/** Told apart by pattern as well as by colour. */
const dashes = ['', '6 3', '2 3', '8 3 2 3']
const colours = ['var(--accent)', 'var(--ok)', 'var(--unknown)', 'var(--degraded)']
const dayMs = 86_400_000

const tick = { fill: 'var(--muted)', fontSize: 11 }

/** Averages as lines, lowest to highest as bands behind them; gaps in observing stay gaps. */
export default function SeriesChart({ view, annotations, limits, logarithmic, format, onZoom, label }: Props) {
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null)
  const points = pointsOf(view, logarithmic)
  const domain: [number, number] = [Date.parse(view.from), Date.parse(view.to)]
  const wide = domain[1] - domain[0] > 2 * dayMs
  const momentOf = (state: { activeLabel?: string | number }): number | null => {
    const at = Number(state.activeLabel)
    return state.activeLabel === undefined || Number.isNaN(at) ? null : at
  }
  const finish = (): void => {
    const zoomed = drag && zoomedRange(drag.from, drag.to)
    setDrag(null)
    if (zoomed) onZoom(zoomed)
  }
  return (
    <figure aria-label={label} className="select-none overflow-hidden">
      <ResponsiveContainer width="100%" height={chartHeight} initialDimension={{ width: 520, height: chartHeight }}>
        <ComposedChart
          data={points}
          margin={{ top: 8, right: 14, bottom: 0, left: 4 }}
          accessibilityLayer={false}
          onMouseDown={(state) => {
            const at = momentOf(state)
            if (at !== null) setDrag({ from: at, to: at })
          }}
          onMouseMove={(state) => {
            const at = momentOf(state)
            if (drag && at !== null) setDrag({ ...drag, to: at })
          }}
          onMouseUp={finish}
          onMouseLeave={() => setDrag(null)}
        >
          <CartesianGrid vertical={false} stroke="var(--border)" />
          <XAxis
            dataKey="at"
            type="number"
            domain={domain}
            allowDataOverflow
            tickFormatter={(at: number) => {
              const iso = new Date(at).toISOString()
              return wide ? iso.slice(5, 10) : utcTime(iso)
            }}
            tick={tick}
            stroke="var(--border-strong)"
            minTickGap={48}
          />
          <YAxis
            width={64}
            scale={logarithmic ? 'log' : 'linear'}
            domain={logarithmic ? [0.01, (top: number) => Math.max(10, top)] : [0, 'auto']}
            allowDataOverflow={logarithmic}
            tickFormatter={(value: number) => format(value)}
            tick={tick}
            stroke="var(--border-strong)"
          />
          {annotations.map((each) => (
            <ReferenceArea
              key={each.id}
              x1={Math.max(domain[0], Date.parse(each.from))}
              x2={Math.min(domain[1], each.to ? Date.parse(each.to) : domain[1])}
              fill={each.kind === 'run' || each.kind === 'maintenance' ? 'var(--accent)' : 'var(--down)'}
              fillOpacity={0.1}
              label={{ value: each.kind, position: 'insideTop', fontSize: 10, fill: 'var(--muted)' }}
            />
          ))}
          {limits.map((limit) => (
            <ReferenceLine
              key={limit.word}
              y={limit.at}
              stroke="var(--muted)"
              strokeDasharray="4 4"
              ifOverflow="extendDomain"
              label={{ value: limit.word, position: 'insideBottomRight', fontSize: 10, fill: 'var(--muted)' }}
            />
          ))}
          <Tooltip
            content={<PointTip view={view} format={format} />}
            isAnimationActive={false}
            cursor={{ stroke: 'var(--border-strong)' }}
          />
          {view.series.map((series, index) => (
            <Area
              key={`range ${series.metric} ${series.subject}`}
              dataKey={(point: ChartPoint) => point.ranges[index] ?? null}
              stroke="none"
              fill={colours[index % colours.length]}
              fillOpacity={0.2}
              isAnimationActive={false}
              activeDot={false}
            />
          ))}
          {view.series.map((series, index) => (
            <Line
              key={`line ${series.metric} ${series.subject}`}
              dataKey={(point: ChartPoint) => point.averages[index] ?? null}
              stroke={colours[index % colours.length]}
              strokeDasharray={dashes[index % dashes.length]}
              strokeWidth={1.75}
              dot={false}
              isAnimationActive={false}
            />
          ))}
          {drag ? <ReferenceArea x1={drag.from} x2={drag.to} fill="var(--accent)" fillOpacity={0.25} /> : null}
        </ComposedChart>
      </ResponsiveContainer>
      {view.series.length > 1 ? (
        <figcaption className="flex flex-wrap gap-x-4 px-4 pb-2 text-xs">
          {view.series.map((series, index) => (
            <span key={`${series.metric} ${series.subject}`} className="inline-flex items-center gap-1.5">
              <svg width="24" height="6" aria-hidden="true">
                <line
                  x1="0"
                  y1="3"
                  x2="24"
                  y2="3"
                  stroke={colours[index % colours.length]}
                  strokeWidth="2"
                  strokeDasharray={dashes[index % dashes.length]}
                />
              </svg>
              {series.subject}
            </span>
          ))}
        </figcaption>
      ) : null}
    </figure>
  )
}

type TipProps = {
  view: SeriesView
  format(value: number | null): string
  active?: boolean
  payload?: readonly { payload?: ChartPoint }[]
}

function PointTip({ view, format, active, payload }: TipProps) {
  const point = payload?.[0]?.payload
  if (!active || !point) return null
  return (
    <div className="figures rounded-md border border-border-strong bg-surface px-2.5 py-1.5 text-xs shadow-lg">
      <p className="font-medium">{utcDateTime(new Date(point.at).toISOString())}</p>
      {view.series.map((series, index) => {
        const range = point.seen[index]
        return (
          <p key={`${series.metric} ${series.subject}`}>
            {view.series.length > 1 ? `${series.subject}: ` : ''}
            {range ? `${format(range.avg)} (${format(range.min)} to ${format(range.max)})` : 'not seen'}
          </p>
        )
      })}
      <p className="text-muted">
        over {view.stepMs < 90_000 ? `${view.stepMs / 1000} s` : `${Math.round(view.stepMs / 60_000)} min`}
      </p>
    </div>
  )
}

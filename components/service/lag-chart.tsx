'use client'
import { Area, CartesianGrid, ComposedChart, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { formatSeconds, plain } from '@/components/format/number'
import { utcTime } from '@/components/format/time'
import type { MetricsView } from '@/server/queries/dto/service'

type Series = MetricsView['series'][number]
type Point = { at: number; avg: number | null; range: [number, number] | null }

const height = 168

/** Average as a line, lowest to highest as a band, so that a short spike stays visible; a gap in observing stays a gap. */
export function LagChart({
  series,
  from,
  to,
  stepMs,
}: {
  series: Series | undefined
  from: string
  to: string
  stepMs: number
}) {
  const points = (series?.points ?? []).map(toPoint)
  if (points.every((point) => point.avg === null)) {
    return (
      <p style={{ height }} className="flex items-center justify-center text-muted text-sm">
        Nothing was seen in this time.
      </p>
    )
  }
  const worst = Math.max(...points.map((point) => point.range?.[1] ?? point.avg ?? 0))
  return (
    <figure
      className="overflow-hidden"
      aria-label={`Replication lag from ${utcTime(from)} to ${utcTime(to)}, at most ${plain(formatSeconds(worst))}`}
    >
      <ResponsiveContainer width="100%" height={height} initialDimension={{ width: 520, height }}>
        <ComposedChart data={points} margin={{ top: 6, right: 14, bottom: 0, left: 4 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--border)" />
          <XAxis
            dataKey="at"
            type="number"
            domain={[Date.parse(from), Date.parse(to)]}
            tickFormatter={(at: number) => utcTime(new Date(at).toISOString())}
            tick={{ fill: 'var(--muted)', fontSize: 11 }}
            stroke="var(--border-strong)"
            minTickGap={48}
          />
          <YAxis
            width={52}
            domain={[0, (max: number) => Math.max(1, Math.ceil(max * 1.1 * 10) / 10)]}
            tickFormatter={(value: number) => `${Number(value.toFixed(2))} s`}
            tick={{ fill: 'var(--muted)', fontSize: 11 }}
            stroke="var(--border-strong)"
          />
          <Tooltip
            content={<PointTip stepMs={stepMs} />}
            isAnimationActive={false}
            cursor={{ stroke: 'var(--border-strong)' }}
          />
          <Area
            dataKey="range"
            stroke="none"
            fill="var(--accent)"
            fillOpacity={0.22}
            isAnimationActive={false}
            activeDot={false}
          />
          <Line dataKey="avg" stroke="var(--accent)" strokeWidth={1.75} dot={false} isAnimationActive={false} />
        </ComposedChart>
      </ResponsiveContainer>
    </figure>
  )
}

function toPoint(point: Series['points'][number]): Point {
  const range: Point['range'] = point.min === null || point.max === null ? null : [point.min, point.max]
  return { at: Date.parse(point.at), avg: point.avg, range }
}

type TipProps = { stepMs: number; active?: boolean; payload?: readonly { payload?: Point }[] }

function PointTip({ stepMs, active, payload }: TipProps) {
  const point = payload?.[0]?.payload
  if (!active || !point) return null
  return (
    <div className="figures rounded-md border border-border-strong bg-surface px-2.5 py-1.5 text-xs shadow-lg">
      <p className="font-medium">{utcTime(new Date(point.at).toISOString())}</p>
      <p>average {plain(formatSeconds(point.avg))}</p>
      {point.range ? (
        <p>
          {plain(formatSeconds(point.range[0]))} to {plain(formatSeconds(point.range[1]))}
        </p>
      ) : null}
      <p className="text-muted">over {Math.round(stepMs / 100) / 10} s</p>
    </div>
  )
}

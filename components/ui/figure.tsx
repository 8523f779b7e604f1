'use client'
import type { ReactNode } from 'react'
import type { Quantity } from '@/components/format/number'
import type { Health, Measured } from '@/server/queries/dto/common'
import { cn } from './cn'
import { healthLooks, useShownHealth } from './health'
import { Age, When } from './when'

/** Label, value with unit, age, threshold: the only way in which a number stands on a page. */
export function Figure({
  label,
  measured,
  format,
  threshold,
  className,
}: {
  label: ReactNode
  measured: Measured
  format(value: number | null): Quantity
  threshold?: string
  className?: string
}) {
  return (
    <PlainFigure
      label={label}
      health={measured.value === null && measured.health === 'ok' ? 'unknown' : measured.health}
      quantity={format(measured.value)}
      observedAt={measured.observedAt}
      note={[threshold, measured.note].filter(Boolean).join(' · ')}
      className={className}
    />
  )
}

export function PlainFigure({
  label,
  health,
  quantity,
  observedAt,
  note,
  className,
}: {
  label: ReactNode
  health: Health
  quantity: Quantity
  observedAt?: string | null
  note?: ReactNode
  className?: string
}) {
  const shown = useShownHealth(health)
  const look = healthLooks[shown]
  const old = shown === 'stale'
  return (
    <div className={cn('min-w-0', className)}>
      <p className="text-muted text-xs">{label}</p>
      <p className="flex items-baseline gap-1.5">
        <span
          className={cn(
            'figures font-semibold text-2xl tracking-tight',
            old && 'text-stale line-through decoration-1',
            shown === 'unknown' && 'text-unknown',
          )}
        >
          {quantity.text}
          {quantity.unit ? <span className="ml-1 font-medium text-base text-muted">{quantity.unit}</span> : null}
        </span>
        <span className={cn('whitespace-nowrap font-medium text-xs', look.ink)}>
          <span aria-hidden className="font-mono font-bold">
            {look.shape}
          </span>{' '}
          {look.word}
        </span>
      </p>
      <p className="text-muted text-xs">
        {observedAt === undefined ? null : old && observedAt ? (
          <>
            last seen <When at={observedAt} />
          </>
        ) : (
          <Age at={observedAt} />
        )}
        {note ? (
          <>
            {observedAt === undefined ? null : ' · '}
            {note}
          </>
        ) : null}
      </p>
    </div>
  )
}

'use client'
import { ageText, localDateTime, sameUtcDay, utcDateTime, utcTime } from '@/components/format/time'
import { cn } from './cn'
import { useNow } from './now'
import { Tooltip } from './tooltip'

/** A moment in UTC, local time on hover and focus. With `age`, how long ago it was stands beside it. */
export function When({ at, age = false, className }: { at: string | null; age?: boolean; className?: string }) {
  const nowMs = useNow()
  if (!at) return <span className="text-muted">never</span>
  const text = sameUtcDay(at, nowMs) ? utcTime(at) : utcDateTime(at)
  return (
    <Tooltip content={<Moment at={at} />}>
      <time
        dateTime={at}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the local time must be reachable without a mouse
        tabIndex={0}
        className={cn('figures whitespace-nowrap decoration-dotted underline-offset-4 hover:underline', className)}
      >
        {text}
        {age ? <span className="text-muted"> · {ageText(at, nowMs)}</span> : null}
      </time>
    </Tooltip>
  )
}

/** Only how long ago; the moment itself is in the tooltip. */
export function Age({ at, className }: { at: string | null; className?: string }) {
  const nowMs = useNow()
  if (!at) return <span className={cn('text-muted', className)}>never seen</span>
  return (
    <Tooltip content={<Moment at={at} />}>
      <time
        dateTime={at}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be reachable without a mouse
        tabIndex={0}
        className={cn('figures whitespace-nowrap', className)}
      >
        {ageText(at, nowMs)}
      </time>
    </Tooltip>
  )
}

function Moment({ at }: { at: string }) {
  return (
    <span className="figures">
      {utcDateTime(at)} UTC
      <br />
      {localDateTime(at)} local
    </span>
  )
}

'use client'
import type { Link } from '@/components/data/connection'
import { linkOf } from '@/components/data/connection'
import { useConnection } from '@/components/data/use-connection'
import { ageText } from '@/components/format/time'
import { cn } from '@/components/ui/cn'
import { useNow } from '@/components/ui/now'
import { Tooltip } from '@/components/ui/tooltip'

const looks: Record<Link, { shape: string; ink: string; words: string }> = {
  live: { shape: '●', ink: 'text-ok', words: 'Events arrive as they happen.' },
  polling: { shape: '◐', ink: 'text-degraded', words: 'The event stream is away; this page asks every few seconds.' },
  offline: {
    shape: '○',
    ink: 'text-down',
    words: 'The console does not answer. What is shown is the last that was seen.',
  },
}

/** Whether this page is current, and how old the last sign of life is. */
export function ConnectionDot() {
  const state = useConnection()
  const nowMs = useNow()
  const link = linkOf(state, nowMs)
  const look = looks[link]
  const last = link === 'live' ? state.lastEventAt : state.lastAnswerAt || null
  const said =
    last === null ? '' : `last ${link === 'live' ? 'event' : 'answer'} ${ageText(new Date(last).toISOString(), nowMs)}`
  return (
    <Tooltip content={`${look.words} ${said}`}>
      <button
        type="button"
        className="inline-flex min-h-11 items-center gap-1.5 rounded px-1.5 text-xs md:min-h-8"
        aria-label={`Connection: ${link}. ${look.words}`}
      >
        <span aria-hidden className={cn('text-sm leading-none', look.ink)}>
          {look.shape}
        </span>
        <span className="font-medium">{link}</span>
        <span className="figures hidden min-w-28 text-left text-muted lg:inline">{said}</span>
      </button>
    </Tooltip>
  )
}

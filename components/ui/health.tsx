'use client'
import { useTrusted } from '@/components/data/use-connection'
import type { Health } from '@/server/queries/dto/common'
import { cn } from './cn'

/** Each state has a shape and a word beside its colour; the word is what a screen reader hears. */
export const healthLooks: Record<Health, { shape: string; word: string; ink: string; soft: string }> = {
  ok: { shape: '✓', word: 'ok', ink: 'text-ok', soft: 'bg-ok-soft' },
  degraded: { shape: '▲', word: 'degraded', ink: 'text-degraded', soft: 'bg-degraded-soft' },
  down: { shape: '✖', word: 'down', ink: 'text-down', soft: 'bg-down-soft' },
  unknown: { shape: '?', word: 'unknown', ink: 'text-unknown', soft: 'bg-unknown-soft' },
  stale: { shape: '◷', word: 'stale', ink: 'text-stale', soft: 'bg-stale-soft' },
  paused: { shape: '‖', word: 'paused', ink: 'text-paused', soft: 'bg-paused-soft' },
}

/** What may be shown while nothing has been heard from the console: a state that was good or bad is now only old. */
export function useShownHealth(health: Health): Health {
  const trusted = useTrusted()
  return trusted || health === 'unknown' ? health : 'stale'
}

/** `word` replaces the state's own word where a better one exists ("streaming", "ready"); a stale state always says so. */
export function HealthMark({
  health,
  word,
  solid = false,
  className,
}: {
  health: Health
  word?: string
  solid?: boolean
  className?: string
}) {
  const shown = useShownHealth(health)
  const look = healthLooks[shown]
  const said = shown !== health ? `${look.word}${word ? `, was ${word}` : ''}` : (word ?? look.word)
  return (
    <span
      className={cn(
        'inline-flex items-baseline gap-1.5 whitespace-nowrap font-medium',
        look.ink,
        solid && `rounded px-1.5 py-0.5 text-xs ${look.soft}`,
        className,
      )}
    >
      <span aria-hidden className="inline-block w-[1em] text-center font-mono font-bold">
        {look.shape}
      </span>
      {said}
    </span>
  )
}

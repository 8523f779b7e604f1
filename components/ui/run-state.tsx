import { runLooks } from '@/components/format/run-words'
import type { RunState } from '@/server/domain/run/states'
import { cn } from './cn'
import { healthLooks } from './health'

/** Shape and word of a run's state. A run in motion has its own shape: it is neither good nor bad yet. */
export function RunStateMark({ state, className }: { state: RunState; className?: string }) {
  const look = runLooks[state]
  const running = state === 'running'
  return (
    <span
      className={cn(
        'inline-flex items-baseline gap-1.5 whitespace-nowrap font-medium',
        running ? 'text-accent' : healthLooks[look.health].ink,
        className,
      )}
    >
      <span aria-hidden className="inline-block w-[1em] text-center font-mono font-bold">
        {running ? '▶' : (shapes[state] ?? healthLooks[look.health].shape)}
      </span>
      {look.word}
    </span>
  )
}

/** Ends without a result are neither stale nor unknown: a dash says that nothing was done. */
const shapes: Partial<Record<RunState, string>> = {
  draft: '○',
  rejected: '–',
  expired: '–',
  superseded: '–',
  aborted: '–',
  compensated: '↶',
}

'use client'
import { ageText } from '@/components/format/time'
import { useNow } from '@/components/ui/now'
import { When } from '@/components/ui/when'

/** Facts move: past this age a plan is worth building again before anyone signs it. */
const freshMs = 30_000

export function PlanAge({ builtAt }: { builtAt: string }) {
  const nowMs = useNow()
  const old = nowMs - Date.parse(builtAt) > freshMs
  return (
    <p className="text-sm">
      Plan built <When at={builtAt} />, {ageText(builtAt, nowMs)}.{' '}
      <span role="status" className={old ? 'font-medium text-degraded' : 'text-muted'}>
        {old ? '◷ Older than 30 s: build it again to see today’s facts.' : 'From the latest observations.'}
      </span>
    </p>
  )
}

'use client'
import { localDateTime, utcTime } from '@/components/format/time'
import { useNow } from '@/components/ui/now'
import { Tooltip } from '@/components/ui/tooltip'

/** UTC, since every other time on the page is; the reader's own time on hover and focus. */
export function UtcClock() {
  const iso = new Date(useNow()).toISOString()
  return (
    <Tooltip content={<LocalNow iso={iso} />}>
      <time
        dateTime={iso}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the local time must be reachable without a mouse
        tabIndex={0}
        className="figures whitespace-nowrap font-mono text-xs"
      >
        {utcTime(iso)}
      </time>
    </Tooltip>
  )
}

function LocalNow({ iso }: { iso: string }) {
  return <span className="figures">{localDateTime(iso)} where you are</span>
}

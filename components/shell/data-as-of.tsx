'use client'
import { useConnection } from '@/components/data/use-connection'
import { utcTime } from '@/components/format/time'

/** When the console last answered: nothing on the page is newer. */
export function DataAsOf() {
  const { lastAnswerAt } = useConnection()
  if (lastAnswerAt === 0) return <span className="hidden min-w-32 xl:inline" />
  return (
    <span className="figures hidden min-w-32 whitespace-nowrap text-muted text-xs xl:inline">
      data as of {utcTime(new Date(lastAnswerAt).toISOString())}
    </span>
  )
}

import Link from 'next/link'
import { Card } from '@/components/ui/card'
import { RunStateMark } from '@/components/ui/run-state'
import { When } from '@/components/ui/when'
import type { RunSummary } from '@/server/queries/dto/run'

/** What was decided, or ran out of time, newest first. */
export function DecidedList({ runs }: { runs: readonly RunSummary[] }) {
  if (runs.length === 0) return null
  return (
    <Card title="Decided">
      <ul className="divide-y">
        {runs.map((run) => (
          <li key={run.id} className="px-4 py-2.5 text-sm">
            <Link href={`/runs/${run.id}`} className="inline-block py-1 font-medium underline-offset-4 hover:underline">
              {run.summary}
            </Link>
            <p className="flex flex-wrap gap-x-3 text-muted text-xs">
              <RunStateMark state={run.state} />
              <span>asked by {run.requester}</span>
              <When at={run.requestedAt} age />
            </p>
            {run.stateReason ? <p className="text-muted text-xs">{run.stateReason}</p> : null}
          </li>
        ))}
      </ul>
    </Card>
  )
}

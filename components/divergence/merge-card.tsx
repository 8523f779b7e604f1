import Link from 'next/link'
import { count } from '@/components/format/number'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import type { DivergenceView } from '@/server/queries/dto/divergence'

/** The way from decisions to a run that carries them out; nothing where no table is to be re-inserted. */
export function MergeCard({ divergence }: { divergence: DivergenceView }) {
  const { id, service, tables, resolved, can } = divergence
  const chosen = tables.filter((each) => each.decision?.decision === 'merge')
  if (chosen.length === 0) return null
  const rows = chosen.reduce((sum, each) => sum + each.kept, 0)
  const { allowed, reason } = can.requestMerge
  return (
    <Card
      title="Re-insert"
      aside={resolved ? '✓ all is dealt with' : 'opens the plan; nothing runs before it is approved'}
    >
      <div className="space-y-3 p-4 text-sm">
        <p>
          {count(rows, 'kept row')} of {count(chosen.length, 'table')} go into the present primary where nothing stands
          against it. A row that is there is never changed; a merge that is asked for again puts nothing in twice.
        </p>
        {allowed ? (
          <Button asChild>
            <Link href={`/services/${service}/merge?divergence=${encodeURIComponent(id)}`}>Request the merge…</Link>
          </Button>
        ) : (
          <p className="text-muted text-xs">{reason}</p>
        )}
      </div>
    </Card>
  )
}

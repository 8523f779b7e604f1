import Link from 'next/link'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import type { ServiceView } from '@/server/queries/dto/service'

type Work = { path: string; verb: string; about(service: ServiceView): string }

/** What can be done to a service while nothing is on fire. Each opens its wizard; nothing runs from here. */
const works: readonly Work[] = []

export function PlannedCard({ service }: { service: ServiceView }) {
  if (works.length === 0) return null
  return (
    <Card title="Planned work" aside="each opens its plan; nothing runs before it is approved">
      <ul>
        {works.map((work) => (
          <li
            key={work.path}
            className="flex flex-wrap items-center justify-between gap-3 border-b px-4 py-3 last:border-b-0"
          >
            <span className="min-w-0 max-w-2xl text-sm">{work.about(service)}</span>
            <Button asChild className="w-full whitespace-normal sm:w-auto">
              <Link href={`/services/${service.id}/${work.path}`}>{work.verb}…</Link>
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  )
}

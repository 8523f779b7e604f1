'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { divergencesQuery } from '@/components/data/divergences'
import { count } from '@/components/format/number'
import { Card } from '@/components/ui/card'
import { When } from '@/components/ui/when'

/** What returned servers had of their own and nobody has decided about yet; nothing where there is none. */
export function DivergencesCard({ service }: { service: string }) {
  const { data } = useQuery(divergencesQuery(service))
  const open = data?.items.filter((each) => each.keptAt !== null && each.undecided > 0) ?? []
  if (open.length === 0) return null
  return (
    <Card title="Rows that only a returned server had" aside="▲ undecided">
      <ul>
        {open.map((each) => (
          <li key={each.id} className="border-b px-4 py-2 text-sm last:border-b-0">
            <Link
              href={`/services/${service}/divergences/${each.id}`}
              className="inline-flex min-h-11 items-center underline underline-offset-4 md:min-h-8"
            >
              {each.serverId}: {count(each.rows, 'row')} in {count(each.tables.length, 'table')}
            </Link>{' '}
            <span className="text-muted">
              {count(each.undecided, 'table')} undecided, kept {each.keptAt ? <When at={each.keptAt} age /> : null}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}

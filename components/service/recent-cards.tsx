'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { runsQuery } from '@/components/data/runs'
import { serviceIncidentsQuery } from '@/components/data/services'
import { formatSeconds, plain } from '@/components/format/number'
import { Card } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { RunStateMark } from '@/components/ui/run-state'
import { Skeleton } from '@/components/ui/skeleton'
import { When } from '@/components/ui/when'
import type { Health } from '@/server/queries/dto/common'
import type { IncidentView } from '@/server/queries/dto/records'

const shown = 5

export function RunsCard({ service }: { service: string }) {
  const runs = useQuery(runsQuery({ service, limit: shown }))
  return (
    <Card title="Latest runs" aside={<MoreLink href="/runs">All runs</MoreLink>}>
      <Rows query={runs} empty="No run yet. A failover that was never tried is a guess.">
        {runs.data?.items.slice(0, shown).map((run) => (
          <li key={run.id} className="px-4 py-2.5 text-sm">
            <Link href={`/runs/${run.id}`} className="font-medium underline-offset-4 hover:underline">
              {run.summary}
            </Link>
            <p className="flex flex-wrap gap-x-3 text-muted text-xs">
              <RunStateMark state={run.state} />
              <When at={run.requestedAt} age />
              {run.rtoSeconds === null ? null : (
                <span className="figures">RTO {plain(formatSeconds(run.rtoSeconds))}</span>
              )}
            </p>
          </li>
        ))}
      </Rows>
    </Card>
  )
}

export const incidentHealth: Record<IncidentView['state'], Health> = {
  open: 'degraded',
  confirmed: 'down',
  recovered: 'ok',
  closed: 'ok',
  dismissed: 'stale',
}

export function IncidentsCard({ service }: { service: string }) {
  const incidents = useQuery(serviceIncidentsQuery(service))
  return (
    <Card title="Latest incidents">
      <Rows query={incidents} empty="No incident has been seen.">
        {incidents.data?.items.slice(0, shown).map((incident) => (
          <li key={incident.id} className="px-4 py-2.5 text-sm">
            <Link href={`/incidents/${incident.id}`} className="font-medium underline-offset-4 hover:underline">
              {incident.title}
            </Link>
            <p className="flex flex-wrap gap-x-3 text-muted text-xs">
              <HealthMark health={incidentHealth[incident.state]} word={incident.state} />
              <When at={incident.openedAt} age />
            </p>
          </li>
        ))}
      </Rows>
    </Card>
  )
}

function MoreLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link
      href={href}
      className="inline-flex min-h-11 items-center text-foreground underline underline-offset-4 md:min-h-7"
    >
      {children}
    </Link>
  )
}

type Listed = { isPending: boolean; data?: { items: unknown[] }; error: unknown; refetch(): unknown }

function Rows({ query, empty, children }: { query: Listed; empty: string; children: ReactNode }) {
  if (query.isPending) return <Skeleton className="m-4 h-24" />
  if (!query.data) return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} className="m-3" />
  if (query.data.items.length === 0) return <p className="px-4 py-3 text-muted text-sm">{empty}</p>
  return <ul className="divide-y">{children}</ul>
}

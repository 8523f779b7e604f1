'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { incidentQuery } from '@/components/data/records'
import { serviceQuery } from '@/components/data/services'
import { useShownError } from '@/components/data/use-shown-error'
import { formatClock } from '@/components/format/number'
import { elapsedMs, shortTimes } from '@/components/format/time'
import { Badge } from '@/components/ui/badge'
import { Card } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { useNow } from '@/components/ui/now'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { RegionName, regionIndex } from '@/components/ui/region'
import { LoadingCard } from '@/components/ui/skeleton'
import { When } from '@/components/ui/when'
import type { IncidentView } from '@/server/queries/dto/records'
import { Loss } from '../runs/measured-card'
import { PhasesBar } from '../runs/phases-bar'
import { incidentHealth } from '../service/recent-cards'
import { Acknowledge } from './acknowledge'

/** One outage: its clock, its stamps, and what was seen and done, oldest first. */
export function IncidentPage({ id }: { id: string }) {
  const query = useQuery(incidentQuery(id))
  const incident = query.data
  const regions = useQuery({ ...serviceQuery(incident?.service ?? ''), enabled: Boolean(incident) }).data?.regions
  const error = useShownError(query)
  if (!incident && !error) return <LoadingCard label="the incident" className="h-96" />
  if (!incident) return <ProblemPage about="Incident" error={error} onRetry={() => void query.refetch()} />
  return (
    <>
      <PageHeader
        eyebrow={
          <>
            <span>Incident</span>
            <Link
              href={`/services/${incident.service}`}
              className="inline-flex min-h-11 items-center underline underline-offset-4 md:min-h-6"
            >
              {incident.service}
            </Link>
            {incident.region ? (
              <RegionName
                name={regions?.find((region) => region.id === incident.region)?.name ?? incident.region}
                index={regionIndex(regions, incident.region)}
                className="text-foreground"
              />
            ) : null}
            <HealthMark health={incidentHealth[incident.state]} word={incident.state} />
            <Badge>{incident.severity}</Badge>
          </>
        }
        sentence={incident.title}
      />
      {query.isError ? <ProblemAlert error={query.error} className="mb-4" /> : null}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,22rem)_minmax(0,1fr)]">
        <div className="space-y-4">
          <Clock incident={incident} />
          <Acknowledge incident={incident} />
          <Runs ids={incident.runIds} />
        </div>
        <div className="space-y-4">
          {incident.measured ? <Loss rpo={incident.measured.rpo} targetSeconds={null} /> : null}
          <Events incident={incident} />
        </div>
      </div>
    </>
  )
}

function Clock({ incident }: { incident: IncidentView }) {
  const nowMs = useNow()
  const from = incident.lastGoodAt ?? incident.openedAt
  const to = incident.recoveredAt ?? incident.closedAt
  const stamps = [
    { label: 'Last good answer', at: incident.lastGoodAt },
    { label: 'Opened', at: incident.openedAt },
    { label: 'Confirmed', at: incident.confirmedAt },
    { label: 'Acknowledged', at: incident.acknowledgedAt },
    { label: 'Recovered', at: incident.recoveredAt },
    { label: 'Closed', at: incident.closedAt },
  ]
  return (
    <Card title={to ? 'Lasted' : 'Lasts since'}>
      <div className="p-4">
        <p role="timer" aria-live="off" className="figures font-semibold text-5xl tracking-tighter">
          {formatClock(elapsedMs(from, to, nowMs))}
        </p>
        {incident.measured ? <PhasesBar phases={incident.measured.phases} /> : null}
        <dl className="mt-4 space-y-1.5 text-sm">
          {stamps.map(({ label, at }) => (
            <div key={label} className="flex justify-between gap-3">
              <dt className="text-muted">{label}</dt>
              <dd>{at ? <When at={at} /> : <span className="text-muted">not yet</span>}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Card>
  )
}

function Runs({ ids }: { ids: readonly string[] }) {
  return (
    <Card title="Runs for it">
      <ul className="px-4 py-2 text-sm">
        {ids.map((id) => (
          <li key={id}>
            <Link
              href={`/runs/${id}`}
              className="inline-flex min-h-11 items-center font-mono text-xs underline underline-offset-4 md:min-h-8"
            >
              {id}
            </Link>
          </li>
        ))}
        {ids.length === 0 ? <li className="py-1 text-muted">None was requested.</li> : null}
      </ul>
    </Card>
  )
}

function Events({ incident }: { incident: IncidentView }) {
  const events = [...incident.events].sort((a, b) => a.at.localeCompare(b.at))
  return (
    <Card title="Timeline" aside="oldest first">
      <ol className="divide-y">
        {events.map((event) => (
          <li key={event.id} className="grid gap-x-4 px-4 py-2.5 text-sm sm:grid-cols-[9.5rem_minmax(0,1fr)]">
            <When at={event.at} className="text-muted text-xs leading-5" />
            <div className="min-w-0">
              <p className="break-words">{shortTimes(event.message)}</p>
              <p className="text-muted text-xs">
                {event.kind} · {event.actor}
              </p>
            </div>
          </li>
        ))}
        {events.length === 0 ? <li className="px-4 py-3 text-muted">Nothing was written yet.</li> : null}
      </ol>
    </Card>
  )
}

'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type AlertFilter, alertsQuery } from '@/components/data/alerts'
import { queryString } from '@/components/data/fetcher'
import { servicesQuery } from '@/components/data/services'
import { useShownError } from '@/components/data/use-shown-error'
import { Card } from '@/components/ui/card'
import { Empty } from '@/components/ui/empty'
import { Field } from '@/components/ui/field'
import { NativeSelect } from '@/components/ui/input'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { LoadingCard } from '@/components/ui/skeleton'
import { Age } from '@/components/ui/when'
import type { AlertsView } from '@/server/queries/dto/alerts'
import { AlertRow } from './alert-row'
import { SilencesCard } from './silences-card'

/** What asks for attention, over every service that the reader may see. */
export function AlertsPage({ initial }: { initial: AlertFilter }) {
  const [filter, setFilter] = useState<AlertFilter>(() => filled(initial))
  const query = useQuery(alertsQuery(filter))
  const error = useShownError(query)
  const view = query.data
  const apply = (change: AlertFilter) => {
    const next = filled({ ...filter, ...change })
    setFilter(next)
    // The address is what one passes on to a colleague; nothing has to be loaded anew for it.
    window.history.replaceState(null, '', `/alerts${queryString(next)}`)
  }
  if (!view && error) return <ProblemPage about="Alerts" error={error} onRetry={() => void query.refetch()} />
  return (
    <>
      <PageHeader
        eyebrow={
          <>
            <span className="font-medium text-foreground">Alerts</span>
            {view ? (
              <span>
                seen <Age at={view.observedAt} />
              </span>
            ) : null}
          </>
        }
        sentence={view ? sentenceOf(view) : 'Reading the alerts…'}
      />
      {query.isError && view ? <ProblemAlert error={query.error} className="mb-4" /> : null}
      <div className="space-y-4">
        <Filters filter={filter} apply={apply} />
        {view ? (
          <List view={view} filtered={Object.keys(filter).length > 0} />
        ) : (
          <LoadingCard label="the alerts" className="h-96" />
        )}
        {view && view.silences.length > 0 ? <SilencesCard silences={view.silences} /> : null}
      </div>
    </>
  )
}

/** Only what narrows: the list without a filter has one name, under which the page was read on the server. */
function filled({ service, severity, state }: AlertFilter): AlertFilter {
  return { ...(service ? { service } : {}), ...(severity ? { severity } : {}), ...(state ? { state } : {}) }
}

function sentenceOf({ firing, watched, silences }: AlertsView): string {
  const quiet = silences.length > 0 ? ` ${silences.length} silenced.` : ''
  if (firing > 0)
    return `${firing} ${firing === 1 ? 'alert fires' : 'alerts fire'} that nobody has acknowledged.${quiet}`
  return `Nothing fires: ${watched.signals} signals of ${watched.services} ${watched.services === 1 ? 'service' : 'services'} are watched.${quiet}`
}

function List({ view, filtered }: { view: AlertsView; filtered: boolean }) {
  if (view.items.length === 0) {
    return (
      <Empty title={filtered ? 'No alert passes this filter' : 'No alert'}>
        {filtered
          ? 'Take a part of the filter away to see more.'
          : `Lag, endpoints, DNS, capacity and ${view.watched.signals} signals in all are judged each five seconds. What cannot be seen becomes an alert too.`}
      </Empty>
    )
  }
  return (
    <Card>
      <ul className="divide-y">
        {view.items.map((alert) => (
          <AlertRow key={alert.id} alert={alert} />
        ))}
      </ul>
    </Card>
  )
}

function Filters({ filter, apply }: { filter: AlertFilter; apply(change: AlertFilter): void }) {
  const services = useQuery(servicesQuery()).data?.items ?? []
  const select = (name: keyof AlertFilter, label: string, options: readonly [string, string][]) => (
    <Field label={label}>
      <NativeSelect value={filter[name] ?? ''} onChange={(event) => apply({ [name]: event.target.value })}>
        {options.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </NativeSelect>
    </Field>
  )
  return (
    <div className="grid gap-3 rounded-lg border bg-surface p-4 sm:grid-cols-3">
      {select('service', 'Service', [['', 'every'], ...services.map(({ id, name }): [string, string] => [id, name])])}
      {select('severity', 'Severity', [
        ['', 'every'],
        ['critical', 'critical'],
        ['warning', 'warning'],
      ])}
      {select('state', 'State', [
        ['', 'not resolved'],
        ['firing', 'firing'],
        ['acknowledged', 'acknowledged'],
        ['resolved', 'resolved'],
      ])}
    </div>
  )
}

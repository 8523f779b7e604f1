'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { divergenceQuery } from '@/components/data/divergences'
import { serviceQuery } from '@/components/data/services'
import { useShownError } from '@/components/data/use-shown-error'
import { count, formatBytes } from '@/components/format/number'
import { Card } from '@/components/ui/card'
import { Empty } from '@/components/ui/empty'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { Refreshing } from '@/components/ui/refreshing'
import { RegionName, regionIndex } from '@/components/ui/region'
import { LoadingCard } from '@/components/ui/skeleton'
import { When } from '@/components/ui/when'
import type { DivergenceView } from '@/server/queries/dto/divergence'
import { MergeCard } from './merge-card'
import { TableCard } from './table-card'

/** What a returned server alone had: the figures, then each table with its rows and what becomes of them. */
export function DivergencePage({ id }: { id: string }) {
  const query = useQuery(divergenceQuery(id))
  const divergence = query.data
  const service = useQuery({ ...serviceQuery(divergence?.service ?? ''), enabled: Boolean(divergence) }).data
  const error = useShownError(query)
  if (!divergence && !error) return <LoadingCard label="the divergence" className="h-96" />
  if (!divergence) return <ProblemPage about="Divergence" error={error} onRetry={() => void query.refetch()} />
  const region = service?.regions.find((each) => each.id === divergence.region)
  return (
    <>
      <PageHeader
        eyebrow={
          <>
            <Link
              href={`/services/${divergence.service}`}
              className="inline-flex min-h-11 items-center underline underline-offset-4 md:min-h-6"
            >
              {service?.name ?? divergence.service}
            </Link>
            <span>Divergence</span>
            <RegionName
              name={region?.name ?? divergence.region}
              index={regionIndex(service?.regions, divergence.region)}
              className="text-foreground"
            />
          </>
        }
        sentence={sentenceOf(divergence)}
      />
      {query.isError ? <ProblemAlert error={query.error} className="mb-4" /> : null}
      <Refreshing active={query.isFetching} className="space-y-4">
        <Figures divergence={divergence} />
        {divergence.tables.map((table) => (
          <TableCard key={table.table} divergence={divergence} table={table} />
        ))}
        {divergence.keptAt && divergence.tables.length === 0 ? (
          <Empty title="Nothing diverged">The server had nothing that its successor does not have.</Empty>
        ) : null}
        <MergeCard divergence={divergence} />
      </Refreshing>
    </>
  )
}

function sentenceOf({ serverId, keptAt, rows, undecided, resolved, tables, complete }: DivergenceView): string {
  if (!keptAt) return `What only ${serverId} has is being written down.`
  if (tables.length === 0) return `${serverId} had nothing of its own.`
  const least = complete ? '' : 'at least '
  const open = resolved
    ? 'all is dealt with'
    : undecided === 0
      ? 'all is decided'
      : `${count(undecided, 'table')} undecided`
  return `${serverId} had ${least}${count(rows, 'row')} that the writer never got; ${open}.`
}

function Figures({ divergence }: { divergence: DivergenceView }) {
  const { bytes, transactions, rows, lastCommitAt, complete, forkLsn, endLsn, forkTimeline } = divergence
  const wal = formatBytes(bytes)
  const figures = [
    { label: 'rows kept', text: String(rows), unit: '' },
    { label: complete ? 'transactions' : 'transactions, at least', text: String(transactions), unit: '' },
    { label: complete ? 'WAL past the fork' : 'WAL, at least', ...wal },
  ]
  return (
    <Card title="What only it had" aside={complete ? 'its whole WAL was read' : '▲ part of its WAL could not be read'}>
      <div className="p-4">
        <dl className="flex flex-wrap gap-x-8 gap-y-2">
          {figures.map(({ label, text, unit }) => (
            <div key={label}>
              <dt className="text-muted text-xs">{label}</dt>
              <dd className="figures font-semibold text-2xl tracking-tight">
                {text}
                <span className="ml-1 font-medium text-base text-muted">{unit}</span>
              </dd>
            </div>
          ))}
        </dl>
        <dl className="mt-4 grid gap-x-8 gap-y-1.5 text-sm sm:grid-cols-2">
          <Fact label="Last commit">{lastCommitAt ? <When at={lastCommitAt} /> : 'none'}</Fact>
          <Fact label="Written down">{divergence.keptAt ? <When at={divergence.keptAt} age /> : 'not yet'}</Fact>
          <Fact label={`From, to (timeline ${forkTimeline})`}>
            <code className="font-mono text-xs">
              {forkLsn} – {endLsn}
            </code>
          </Fact>
          <Fact label="Read by">
            <Link className="underline underline-offset-4" href={`/runs/${divergence.runId}`}>
              the failback
            </Link>
            {divergence.incidentId ? (
              <>
                {' · '}
                <Link className="underline underline-offset-4" href={`/incidents/${divergence.incidentId}`}>
                  the incident
                </Link>
              </>
            ) : null}
          </Fact>
        </dl>
      </div>
    </Card>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap justify-between gap-x-3">
      <dt className="text-muted">{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

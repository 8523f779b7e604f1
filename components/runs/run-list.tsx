'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { runsQuery } from '@/components/data/runs'
import { count, formatSeconds, plain } from '@/components/format/number'
import { kindWords } from '@/components/format/run-words'
import { Badge } from '@/components/ui/badge'
import { Card } from '@/components/ui/card'
import { Empty } from '@/components/ui/empty'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { Refreshing } from '@/components/ui/refreshing'
import { RunStateMark } from '@/components/ui/run-state'
import { LoadingCard } from '@/components/ui/skeleton'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { When } from '@/components/ui/when'
import { openRunStates } from '@/server/domain/run/states'
import type { RunSummary } from '@/server/queries/dto/run'

/** Runs, newest first. */
export function RunList() {
  const query = useQuery(runsQuery({ limit: 50 }))
  const runs = query.data?.items ?? []
  const open = runs.filter((run) => openRunStates.includes(run.state))
  return (
    <>
      <PageHeader
        eyebrow="Runs"
        sentence={
          query.isPending
            ? 'Reading the runs.'
            : open.length
              ? `${count(open.length, 'run')} ${open.length === 1 ? 'is' : 'are'} open.`
              : 'Nothing is running.'
        }
      />
      {query.isError ? (
        <ProblemAlert error={query.error} onRetry={() => void query.refetch()} className="mb-4" />
      ) : null}
      {query.isPending ? <LoadingCard label="runs" className="h-80" /> : null}
      {query.data && runs.length === 0 ? (
        <Empty title="No run yet">
          A run begins with a request on a service’s page, and starts when someone else has approved its plan.
        </Empty>
      ) : null}
      {runs.length ? (
        <Refreshing active={query.isFetching}>
          <Card>
            <Table label="Runs">
              <thead>
                <tr>
                  <Th>Run</Th>
                  <Th>State</Th>
                  <Th>Requested</Th>
                  <Th className="text-right">Steps</Th>
                  <Th className="text-right">RTO</Th>
                </tr>
              </thead>
              <tbody>
                {runs.map((run) => (
                  <Row key={run.id} run={run} />
                ))}
              </tbody>
            </Table>
          </Card>
        </Refreshing>
      ) : null}
    </>
  )
}

function Row({ run }: { run: RunSummary }) {
  return (
    <Tr>
      <Td className="min-w-64">
        <Link href={`/runs/${run.id}`} className="font-medium underline-offset-4 hover:underline">
          {run.summary}
        </Link>
        <span className="block text-muted text-xs">
          <Badge>{kindWords[run.kind] ?? run.kind}</Badge> {run.serviceName} · {run.reason}
        </span>
      </Td>
      <Td>
        <RunStateMark state={run.state} />
        {run.stateReason ? <span className="block max-w-72 text-muted text-xs">{run.stateReason}</span> : null}
      </Td>
      <Td>
        <When at={run.requestedAt} />
        <span className="block text-muted text-xs">by {run.requester}</span>
      </Td>
      <Td className="whitespace-nowrap text-right">
        {run.stepsDone} / {run.stepsTotal}
      </Td>
      <Td className="whitespace-nowrap text-right">
        {run.rtoSeconds === null ? '–' : plain(formatSeconds(run.rtoSeconds))}
      </Td>
    </Tr>
  )
}

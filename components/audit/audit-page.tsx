'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { queryString } from '@/components/data/fetcher'
import { ProblemError } from '@/components/data/problem'
import { type AuditFilter, auditQuery } from '@/components/data/records'
import { useShownError } from '@/components/data/use-shown-error'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Empty } from '@/components/ui/empty'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { LoadingCard } from '@/components/ui/skeleton'
import { Table, Th } from '@/components/ui/table'
import { AuditFilters } from './audit-filters'
import { AuditRow } from './audit-row'
import { ReviewsCard } from './reviews-card'
import { VerificationCard } from './verification-card'

/** Who did what, in order, and whether the record still holds. */
export function AuditPage() {
  const [filter, setFilter] = useState<AuditFilter>({})
  const query = useInfiniteQuery(auditQuery(filter))
  const error = useShownError(query)
  if (error instanceof ProblemError && error.status === 403) {
    return <ProblemPage about="Audit" error={error} onRetry={() => void query.refetch()} />
  }
  const entries = query.data?.pages.flatMap((page) => page.items) ?? []
  const filtered = Object.values(filter).some(Boolean)
  return (
    <>
      <PageHeader eyebrow="Audit" sentence="Every request, decision, step and outcome, in order, newest first." />
      <div className="space-y-4">
        <ReviewsCard />
        <VerificationCard />
        <AuditFilters
          filter={filter}
          apply={setFilter}
          exportHref={`/api/v1/audit${queryString({ ...filter, format: 'ndjson' })}`}
        />
        {query.isError ? <ProblemAlert error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.isPending ? <LoadingCard label="the entries" className="h-96" /> : null}
        {query.data && entries.length === 0 ? (
          <Empty title={filtered ? 'No entry passes this filter' : 'No entry yet'}>
            {filtered
              ? Object.entries(filter)
                  .flatMap(([name, value]) => (value ? [`${name} = ${value}`] : []))
                  .join(', ')
              : 'The first request or change writes the first entry.'}
          </Empty>
        ) : null}
        {entries.length ? (
          <Card>
            <Table label="Audit entries">
              <thead>
                <tr>
                  <Th className="text-right">No.</Th>
                  <Th>Time (UTC)</Th>
                  <Th>Actor</Th>
                  <Th>Action</Th>
                  <Th>Subject</Th>
                  <Th>Outcome</Th>
                  <Th>
                    <span className="sr-only">Entry</span>
                  </Th>
                </tr>
              </thead>
              <tbody>
                {entries.map((entry) => (
                  <AuditRow key={entry.seq} entry={entry} />
                ))}
              </tbody>
            </Table>
          </Card>
        ) : null}
        {query.hasNextPage ? (
          <Button onClick={() => void query.fetchNextPage()} busy={query.isFetchingNextPage}>
            Show older entries
          </Button>
        ) : null}
      </div>
    </>
  )
}

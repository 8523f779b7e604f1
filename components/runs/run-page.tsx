'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { runQuery } from '@/components/data/runs'
import { serviceQuery } from '@/components/data/services'
import { useShownError } from '@/components/data/use-shown-error'
import { kindWords } from '@/components/format/run-words'
import { Alert } from '@/components/ui/alert'
import { Badge } from '@/components/ui/badge'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { RegionArrow, regionIndex } from '@/components/ui/region'
import { RunStateMark } from '@/components/ui/run-state'
import { LoadingCard, Skeleton } from '@/components/ui/skeleton'
import type { RunView } from '@/server/queries/dto/run'
import { ApprovalsPanel } from './approvals-panel'
import { ClockCard } from './clock-card'
import { Controls } from './controls'
import { FactsCard } from './facts-card'
import { MeasuredCard } from './measured-card'
import { ReviewCard } from './review-card'
import { RunAnnouncer } from './run-announcer'
import { stateSentence } from './state-sentence'
import { Timeline } from './timeline'

/** A run as it happens: the clock, what is being done, what comes next, and what a person may do about it. */
export function RunPage({ id }: { id: string }) {
  const query = useQuery(runQuery(id))
  const run = query.data
  const regions = useQuery({ ...serviceQuery(run?.service ?? ''), enabled: Boolean(run) }).data?.regions
  const error = useShownError(query)
  if (!run && !error) return <RunSkeleton />
  if (!run) return <ProblemPage about="Run" error={error} onRetry={() => void query.refetch()} />
  const end = (region: string, other: string) => ({
    name: regions?.find((each) => each.id === region)?.name ?? region,
    index: regionIndex(regions, region, other),
  })
  const { from, to } = run.plan
  return (
    <>
      <RunAnnouncer run={run} />
      <PageHeader
        eyebrow={
          <>
            <Badge>{kindWords[run.kind] ?? run.kind}</Badge>
            <Link
              href={`/services/${run.service}`}
              className="inline-flex min-h-11 items-center underline underline-offset-4 md:min-h-6"
            >
              {run.serviceName}
            </Link>
            <RegionArrow from={end(from.region, to.region)} to={end(to.region, from.region)} />
            <RunStateMark state={run.state} />
          </>
        }
        sentence={stateSentence(run)}
      />
      <div className="space-y-4">
        {query.isError ? <LostTouch error={query.error} /> : null}
        {run.requested ? <Asked requested={run.requested} /> : null}
        {run.plan.overrides.length ? <Overrides run={run} /> : null}
        <ClockCard run={run} />
        <Controls run={run} />
        <MeasuredCard run={run} />
        {run.plan.overrides.length ? <ReviewCard runId={run.id} /> : null}
        <Timeline run={run} />
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <ApprovalsPanel run={run} />
          <FactsCard run={run} />
        </div>
      </div>
    </>
  )
}

function LostTouch({ error }: { error: unknown }) {
  return (
    <div className="space-y-2">
      <p className="text-sm">
        The clock below goes on; the steps are as they were last seen. The run itself does not need this page.
      </p>
      <ProblemAlert error={error} />
    </div>
  )
}

function Asked({ requested }: { requested: NonNullable<RunView['requested']> }) {
  const words = requested.what === 'pause' ? 'A pause' : 'An abort'
  return (
    <Alert
      tone="degraded"
      live="polite"
      title={`${words} was asked for by ${requested.by}; it takes effect at the next safe moment.`}
    >
      {requested.reason}
    </Alert>
  )
}

function Overrides({ run }: { run: RunView }) {
  return (
    <Alert tone="degraded" title="Break-glass: this plan overrides safety rules by name">
      <ul className="list-disc pl-5">
        {run.plan.overrides.map((each) => (
          <li key={each.code}>
            <code className="font-mono text-xs">{each.code}</code>: {each.risk}
          </li>
        ))}
      </ul>
    </Alert>
  )
}

function RunSkeleton() {
  return (
    <>
      <Skeleton className="mb-2 h-6 w-72" />
      <Skeleton className="mb-6 h-8 w-2/3" />
      <div className="space-y-4">
        <LoadingCard label="the clock" className="h-44" />
        <LoadingCard label="the steps" className="h-[36rem]" />
      </div>
    </>
  )
}

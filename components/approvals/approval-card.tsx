'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { runQuery } from '@/components/data/runs'
import { useShownError } from '@/components/data/use-shown-error'
import { formatRange, formatSeconds, plain } from '@/components/format/number'
import { kindWords } from '@/components/format/run-words'
import { shortTimes, untilText } from '@/components/format/time'
import { cn } from '@/components/ui/cn'
import { Digest } from '@/components/ui/digest'
import { useNow } from '@/components/ui/now'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { RegionArrow, regionIndex } from '@/components/ui/region'
import { LoadingCard } from '@/components/ui/skeleton'
import { When } from '@/components/ui/when'
import type { RunSummary, RunView } from '@/server/queries/dto/run'
import type { ServiceSummary } from '@/server/queries/dto/service'
import { lossSentence } from '../request/loss-words'
import { Decision } from './decision'

/** What the approver has to weigh, in the order in which it is weighed; then the decision. */
export function ApprovalCard({
  summary,
  services,
}: {
  summary: RunSummary
  services: readonly ServiceSummary[] | undefined
}) {
  const query = useQuery(runQuery(summary.id))
  const run = query.data
  const error = useShownError(query)
  if (!run && !error) return <LoadingCard label={summary.summary} className="h-96" />
  if (!run) return <ProblemAlert error={error} onRetry={() => void query.refetch()} />
  const regions = services?.find((service) => service.id === run.service)?.regions
  const end = (id: string, other: string) => ({
    name: regions?.find((region) => region.id === id)?.name ?? id,
    index: regionIndex(regions, id, other),
  })
  const { from, to, expected } = run.plan
  return (
    <article
      id={`run-${run.id}`}
      aria-label={run.summary}
      className="scroll-mt-16 rounded-lg border border-border-strong bg-surface"
    >
      <header className="border-b px-4 py-3">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-lg">
          <span className="font-semibold">
            {kindWords[run.kind] ?? run.kind} {run.serviceName}
          </span>
          <RegionArrow from={end(from.region, to.region)} to={end(to.region, from.region)} />
        </p>
        <p className="mt-1 text-sm">
          <span className="font-medium">{run.requester}</span> asks: “{run.reason}”
        </p>
        <p className="text-muted text-xs">
          requested <When at={run.requestedAt} age />
        </p>
      </header>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 px-4 py-3 text-sm">
        <Fact label="Risk" wide>
          <RiskLine run={run} />
        </Fact>
        <Fact label="Loss" wide>
          <span className="font-medium">{lossSentence(expected.loss)}</span>{' '}
          <span className="text-muted">{shortTimes(expected.loss.beyond)}</span>
        </Fact>
        <Fact label="Expected time">
          <span className="figures font-semibold text-base">{plain(formatRange(expected.rtoSeconds))}</span>
          <span className="block text-muted text-xs">target {plain(formatSeconds(run.targets.rtoSeconds))}</span>
        </Fact>
        <Fact label="Approvals">
          <span className="figures font-semibold text-base">
            {run.approvals.given} / {run.approvals.required}
          </span>
          <Expiry at={run.expiresAt} />
        </Fact>
        <Fact label="May approve" wide>
          {run.eligibleApprovers.map((each) => each.name).join(', ') || 'nobody: an admin has to name an approver'}
        </Fact>
      </dl>
      <div className="flex flex-wrap items-center justify-between gap-x-4 px-4 pb-2">
        <Digest value={run.digest} label="Plan" />
        <Link
          href={`/runs/${run.id}`}
          className="inline-flex min-h-11 items-center text-sm underline underline-offset-4"
        >
          Read the whole plan
        </Link>
      </div>
      <Decision run={run} />
    </article>
  )
}

function Fact({ label, wide, children }: { label: string; wide?: boolean; children: React.ReactNode }) {
  return (
    <div className={cn('min-w-0', wide && 'col-span-2')}>
      <dt className="text-muted text-xs">{label}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  )
}

/** What cannot be undone, which rules are overridden, and what the plan warns of: the reasons to say no. */
function RiskLine({ run }: { run: RunView }) {
  const { steps, findings, overrides } = run.plan
  const noReturn = steps.find((step) => step.pointOfNoReturn)
  const warnings = findings.filter((finding) => finding.severity !== 'info')
  return (
    <>
      {overrides.map((each) => (
        <span key={each.code} className="block font-semibold text-down">
          ✖ Break-glass, {each.code}: {each.risk}
        </span>
      ))}
      <span className="block">
        {noReturn ? `Cannot be taken back after “${noReturn.title}”.` : 'Every step can be taken back.'}
      </span>
      {warnings.map((finding) => (
        <span key={finding.code + finding.message} className="block font-medium text-degraded">
          ▲ {finding.message}
        </span>
      ))}
    </>
  )
}

const soonMs = 5 * 60_000

function Expiry({ at }: { at: string }) {
  const nowMs = useNow()
  const left = Date.parse(at) - nowMs
  const words = left <= 0 ? 'expired' : `expires ${untilText(at, nowMs)}`
  return (
    <span className={cn('figures block text-xs', left < soonMs ? 'font-semibold text-degraded' : 'text-muted')}>
      {left < soonMs ? '▲ ' : ''}
      {words}
    </span>
  )
}

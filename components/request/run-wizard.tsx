'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import type { RunInputs } from '@/components/data/runs'
import { planQuery, serviceQuery } from '@/components/data/services'
import { useShownError } from '@/components/data/use-shown-error'
import { count } from '@/components/format/number'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { PageHeader } from '@/components/ui/page-header'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { ProblemPage } from '@/components/ui/problem-page'
import { Refreshing } from '@/components/ui/refreshing'
import { RegionArrow, regionIndex } from '@/components/ui/region'
import { LoadingCard } from '@/components/ui/skeleton'
import type { RunKind } from '@/server/domain/plan/types'
import type { PlanPreview } from '@/server/queries/dto/run'
import type { ServiceView } from '@/server/queries/dto/service'
import { Findings } from '../service/findings'
import { BlockedPlan } from './blocked-plan'
import { BreakGlass } from './break-glass'
import { ExpectedCard } from './expected-card'
import { wordsOf } from './kind-words'
import { PlanAge } from './plan-age'
import { PlanSteps } from './plan-steps'
import { RequestForm } from './request-form'

type Props = {
  serviceId: string
  kind: RunKind
  /** Rules that break-glass may override, with what each then risks. */
  overridable: Readonly<Record<string, string>>
  /** What this kind asks beside: the inputs, and the fields that choose them. */
  inputs?: RunInputs
  fields?: ReactNode
}

/** What a run would do, to what, at which price: read first, then asked for. Nothing runs from this page. */
export function RunWizard({ serviceId, kind, overridable, inputs: chosen, fields }: Props) {
  const [breakGlass, setBreakGlass] = useState<string[]>([])
  const inputs: RunInputs = { ...chosen, ...(breakGlass.length ? { breakGlass } : {}) }
  const service = useQuery(serviceQuery(serviceId))
  // The plan on the screen stays while another is built: it dims, and its age tells.
  const preview = useQuery({ ...planQuery(serviceId, kind, inputs), placeholderData: keepPreviousData })
  const planError = useShownError(preview)
  const serviceError = useShownError(service)
  const error = planError ?? serviceError
  if (!preview.data || !service.data) {
    if (!error) return <WizardSkeleton kind={kind} />
    return <ProblemPage about={wordsOf(kind).title} error={error} onRetry={() => void preview.refetch()} />
  }
  return (
    <Wizard
      service={service.data}
      preview={preview.data}
      refreshing={preview.isFetching}
      refresh={() => void preview.refetch()}
      error={preview.isError ? preview.error : null}
      inputs={inputs}
      fields={fields}
      breakGlass={
        <BreakGlass preview={preview.data} overridable={overridable} chosen={breakGlass} choose={setBreakGlass} />
      }
    />
  )
}

type WizardProps = {
  service: ServiceView
  preview: PlanPreview
  refreshing: boolean
  refresh(): void
  error: unknown
  inputs: RunInputs
  fields: ReactNode
  breakGlass: ReactNode
}

function Wizard({ service, preview, refreshing, refresh, error, inputs, fields, breakGlass }: WizardProps) {
  const { plan } = preview
  const nameOf = (id: string) => service.regions.find((region) => region.id === id)?.name ?? id
  const end = (id: string) => ({ name: nameOf(id), index: regionIndex(service.regions, id) })
  const titles = Object.fromEntries(plan.steps.map((step) => [step.stepId, step.title]))
  return (
    <>
      <PageHeader
        eyebrow={
          <>
            <Link
              href={`/services/${service.id}`}
              className="inline-flex min-h-11 items-center underline underline-offset-4 md:min-h-6"
            >
              {service.name}
            </Link>
            <span>{wordsOf(plan.kind).title}</span>
            <RegionArrow from={end(plan.from.region)} to={end(plan.to.region)} />
          </>
        }
        sentence={plan.summary}
      />
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <PlanAge builtAt={plan.builtAt} />
        <div className="flex flex-wrap gap-2">
          <Button asChild size="sm" variant="ghost">
            <a href="#request">Go to the request ↓</a>
          </Button>
          <Button size="sm" onClick={refresh} busy={refreshing}>
            {refreshing ? null : <RefreshCw aria-hidden />} Build the plan again
          </Button>
        </div>
      </div>
      {error ? <ProblemAlert error={error} className="mb-4" /> : null}
      {fields}
      <Refreshing active={refreshing} className="space-y-4">
        {preview.runnable ? null : <BlockedPlan preview={preview} />}
        <Card title="What was found" aside={count(plan.findings.length, 'finding')}>
          {plan.findings.length ? (
            <Findings findings={plan.findings} stepTitles={titles} />
          ) : (
            <p className="px-4 py-3 text-muted text-sm">Nothing stands in the way, and nothing warns.</p>
          )}
        </Card>
        <ExpectedCard
          plan={plan}
          targetSeconds={wordsOf(plan.kind).isOutage === false ? null : preview.targets.rtoSeconds}
        />
        <PlanSteps steps={plan.steps} wayBack={wordsOf(plan.kind).wayBack} />
        {breakGlass}
        <RequestForm service={service} preview={preview} inputs={inputs} destination={end(plan.to.region)} />
      </Refreshing>
    </>
  )
}

function WizardSkeleton({ kind }: { kind: RunKind }) {
  return (
    <>
      <PageHeader eyebrow={wordsOf(kind).title} sentence="Building the plan from the latest observations." />
      <div className="space-y-4">
        <LoadingCard label="the findings" className="h-40" />
        <LoadingCard label="expected time and loss" className="h-52" />
        <LoadingCard label="the steps" className="h-[32rem]" />
      </div>
    </>
  )
}

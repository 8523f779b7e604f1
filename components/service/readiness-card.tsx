'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { readinessQuery } from '@/components/data/thresholds'
import { formatRange } from '@/components/format/number'
import { Card, CardBody } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { Age } from '@/components/ui/when'
import type { ServiceView } from '@/server/queries/dto/service'
import { Findings } from './findings'
import { readinessLooks } from './readiness-look'
import { RtoBar } from './rto-bar'

/** Could we fail over now, what would it cost, and what stands in the way. */
export function ReadinessCard({ service }: { service: ServiceView }) {
  const { readiness } = service
  const look = readinessLooks[readiness.status]
  const expected = readiness.expected
  // What the signals and the arithmetic add to the plan's findings; until it is read, the plan's stand alone.
  const more = useQuery(readinessQuery(service.id)).data
  const codes = new Set(readiness.findings.map((each) => each.code))
  const findings = [...readiness.findings, ...(more?.findings ?? []).filter((each) => !codes.has(each.code))]
  return (
    <Card
      title="Could it fail over now?"
      aside={
        <>
          <HealthMark health={look.health} word={look.word} className="text-sm" />
          <Age at={readiness.evaluatedAt} />
        </>
      }
    >
      <CardBody className="space-y-3">
        <p className="font-medium">{readiness.sentence}</p>
        <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
          <div>
            <dt className="text-muted text-xs">Expected RTO</dt>
            <dd className="figures font-semibold text-2xl tracking-tight">
              {expected ? (
                <>
                  {formatRange(expected.rtoSeconds).text}
                  <span className="ml-1 font-medium text-base text-muted">{formatRange(expected.rtoSeconds).unit}</span>
                </>
              ) : (
                <HealthMark health="unknown" word="not known" className="text-base" />
              )}
            </dd>
          </div>
          <div>
            <dt className="text-muted text-xs">Expected loss</dt>
            <dd className="text-sm">{expected?.loss ?? 'not known'}</dd>
          </div>
        </dl>
        {more ? <RtoBar arithmetic={more.arithmetic} /> : null}
        <p className="text-muted text-xs">
          Passing checks are not a test: only a drill or a real event proves a failover.{' '}
          <Link href={`/services/${service.id}/mode`} className="underline underline-offset-4">
            What happens by itself
          </Link>{' '}
          <Link href={`/services/${service.id}/thresholds`} className="underline underline-offset-4">
            Thresholds
          </Link>
        </p>
      </CardBody>
      <div className="border-t">
        {findings.length ? (
          <Findings findings={findings} since={since(more?.findings ?? [])} service={service.id} />
        ) : (
          <p className="px-4 py-3 text-muted text-sm">Nothing stands in the way, and nothing warns.</p>
        )}
      </div>
    </Card>
  )
}

/** Since when each finding has been found, by its code. */
function since(findings: readonly { code: string; since: string | null }[]): Record<string, string> {
  return Object.fromEntries(findings.flatMap((each) => (each.since ? [[each.code, each.since]] : [])))
}

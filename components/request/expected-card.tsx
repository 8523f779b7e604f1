import { formatRange, formatSeconds, plain } from '@/components/format/number'
import { shortTimes } from '@/components/format/time'
import { Badge } from '@/components/ui/badge'
import { Card, CardBody } from '@/components/ui/card'
import { Age } from '@/components/ui/when'
import type { Plan } from '@/server/domain/plan/types'
import { lossSentence } from './loss-words'

/** The arithmetic of the expected time, and the statement of loss with what it rests on. */
export function ExpectedCard({ plan, targetSeconds }: { plan: Pick<Plan, 'expected'>; targetSeconds: number | null }) {
  const { rtoSeconds, parts, loss } = plan.expected
  const widest = Math.max(1, ...parts.map((part) => part.seconds))
  const late = targetSeconds !== null && rtoSeconds.high > targetSeconds
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title="Expected time">
        <CardBody>
          <p className="figures font-semibold text-3xl tracking-tight">
            {formatRange(rtoSeconds).text}
            <span className="ml-1 font-medium text-lg text-muted">{formatRange(rtoSeconds).unit}</span>
          </p>
          {targetSeconds === null ? null : (
            <p className={late ? 'font-medium text-degraded text-sm' : 'text-muted text-sm'}>
              {late ? '▲ ' : ''}target {plain(formatSeconds(targetSeconds))}
              {late ? ': the upper end misses it' : ''}
            </p>
          )}
          <ul className="mt-3 space-y-2">
            {parts.map((part) => (
              <li key={part.label} className="text-sm">
                <span className="flex justify-between gap-3">
                  <span>{part.label}</span>
                  <span className="figures whitespace-nowrap font-medium">{plain(formatSeconds(part.seconds))}</span>
                </span>
                <span aria-hidden className="mt-1 block h-1.5 rounded-full bg-surface-2">
                  <span
                    className="block h-full rounded-full bg-accent"
                    style={{ width: `${(part.seconds / widest) * 100}%` }}
                  />
                </span>
              </li>
            ))}
          </ul>
          <p className="mt-3 text-muted text-xs">
            The time until someone approves comes on top; nobody can promise that.
          </p>
        </CardBody>
      </Card>
      <Card title="Expected loss" aside={<Badge>{loss.certainty}</Badge>}>
        <CardBody className="space-y-3 text-sm">
          <p className="font-medium text-base">{lossSentence(loss)}</p>
          <p>{shortTimes(loss.beyond)}</p>
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-xs">
            <Position label="Old primary" lsn={loss.primaryLsn} at={loss.primaryLsnAt} />
            <Position label="Candidate" lsn={loss.candidateLsn} at={loss.candidateLsnAt} />
          </dl>
        </CardBody>
      </Card>
    </div>
  )
}

function Position({ label, lsn, at }: { label: string; lsn: string | null; at: string | null }) {
  return (
    <>
      <dt className="text-muted">{label}</dt>
      <dd>
        <code className="font-mono">{lsn ?? 'position unknown'}</code>{' '}
        <span className="text-muted">
          <Age at={at} />
        </span>
      </dd>
    </>
  )
}

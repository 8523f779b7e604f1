'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { serviceQuery } from '@/components/data/services'
import { useShownError } from '@/components/data/use-shown-error'
import { untilText, utcDateTime } from '@/components/format/time'
import { Alert } from '@/components/ui/alert'
import { Card, CardBody } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input, NativeSelect } from '@/components/ui/input'
import { useNow } from '@/components/ui/now'
import { ProblemPage } from '@/components/ui/problem-page'
import { LoadingCard } from '@/components/ui/skeleton'
import { type DelayedStandby, delayedStandbys, momentOf, momentText, suggestedMoment } from './moment'
import { RunWizard } from './run-wizard'

/** Which moment to go back to, and what it costs; then the plan of it. */
export function RollForwardWizard({ serviceId }: { serviceId: string }) {
  const query = useQuery(serviceQuery(serviceId))
  const error = useShownError(query)
  if (!query.data) {
    if (!error) return <LoadingCard label="the delayed standby" className="h-52" />
    return <ProblemPage about="Undo a bad change" error={error} onRetry={() => void query.refetch()} />
  }
  const standbys = delayedStandbys(query.data)
  const [first] = standbys
  if (!first) {
    return (
      <Alert tone="degraded" title="This service has no standby that is held behind">
        A moment in the past is then reached from a backup only. A delayed standby is configured as a server with role
        “delayed”.
      </Alert>
    )
  }
  return <Chooser serviceId={serviceId} standbys={standbys} first={first} />
}

type ChooserProps = { serviceId: string; standbys: DelayedStandby[]; first: DelayedStandby }

function Chooser({ serviceId, standbys, first }: ChooserProps) {
  const now = useNow()
  const [serverId, setServerId] = useState(first.id)
  const [text, setText] = useState(() => momentText(suggestedMoment(first, now)))
  const [at, setAt] = useState(() => momentOf(text) ?? suggestedMoment(first, now))
  const [accepted, setAccepted] = useState(false)
  const standby = standbys.find((each) => each.id === serverId) ?? first
  const type = (value: string) => {
    setText(value)
    const moment = momentOf(value)
    // Another moment is another loss: what was accepted was accepted for the one before.
    if (moment && moment !== at) setAccepted(false)
    if (moment) setAt(moment)
  }
  const fields = (
    <Card title="The moment to go back to" className="mb-4">
      <CardBody className="grid gap-4 md:grid-cols-2">
        <Field
          label="Keep everything committed before (UTC)"
          hint="Year-month-day hours:minutes:seconds, right before the bad change. Nothing from this moment on is kept."
          error={
            momentOf(text)
              ? null
              : 'Type a moment such as 2026-11-22 03:00:05; the plan below is still for the last one.'
          }
        >
          <Input value={text} onChange={(event) => type(event.target.value)} autoComplete="off" spellCheck={false} />
        </Field>
        <Reach standby={standby} at={at} nowMs={now} />
        {standbys.length > 1 ? (
          <Field label="From which delayed standby">
            <NativeSelect value={serverId} onChange={(event) => setServerId(event.target.value)}>
              {standbys.map((each) => (
                <option key={each.id}>{each.id}</option>
              ))}
            </NativeSelect>
          </Field>
        ) : null}
        <label className="flex min-h-11 items-center gap-3 text-sm md:col-span-2">
          <input
            type="checkbox"
            className="size-5 shrink-0"
            checked={accepted}
            onChange={(event) => setAccepted(event.target.checked)}
          />
          What was written from {utcDateTime(at)} on will not be in the new primary. It stays on the old one, fenced.
        </label>
      </CardBody>
    </Card>
  )
  const inputs = { source: 'delayed-standby', serverId: standby.id, at, acceptLossAfter: accepted }
  return <RunWizard serviceId={serviceId} kind="restore" overridable={{}} inputs={inputs} fields={fields} />
}

/** What can be reached, and how long still: the moment is lost when the standby applies it. */
function Reach({ standby, at, nowMs }: { standby: DelayedStandby; at: string; nowMs: number }) {
  const { appliedUpTo, receivedUpTo, delaySeconds } = standby
  const appliedAt = new Date(Date.parse(at) + delaySeconds * 1000).toISOString()
  const gone = appliedUpTo !== null && Date.parse(appliedUpTo) >= Date.parse(at)
  const left = untilText(appliedAt, nowMs)
  return (
    <dl className="grid content-start gap-x-4 gap-y-1 text-sm sm:grid-cols-[auto_1fr]">
      <dt className="text-muted">Applied up to</dt>
      <dd className="tabular-nums">{appliedUpTo ? utcDateTime(appliedUpTo) : '? unknown'}</dd>
      <dt className="text-muted">Received up to</dt>
      <dd className="tabular-nums">
        {receivedUpTo ? utcDateTime(receivedUpTo) : '? unknown: it receives nothing just now'}
      </dd>
      <dt className="text-muted">This moment is applied</dt>
      <dd className="font-medium tabular-nums">
        {gone || left === 'passed'
          ? '✖ already: it cannot be reached any more'
          : `${left}; the run has to begin before`}
      </dd>
    </dl>
  )
}

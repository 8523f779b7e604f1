'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import { alertQuery } from '@/components/data/alerts'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { HealthMark } from '@/components/ui/health'
import { NativeSelect } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { When } from '@/components/ui/when'
import type { AlertView } from '@/server/queries/dto/alerts'
import type { Health } from '@/server/queries/dto/common'
import { ActionDialog } from './action-dialog'

function look(alert: AlertView): { health: Health; word: string } {
  if (alert.state === 'resolved') return { health: 'ok', word: 'resolved' }
  if (alert.cause === 'not-known') return { health: 'unknown', word: `not known, ${alert.severity}` }
  return { health: alert.severity === 'critical' ? 'down' : 'degraded', word: alert.severity }
}

const hours = [1, 4, 24, 168]

/** One alert: what is so, since when, who has seen it, and where it is put right. */
export function AlertRow({ alert }: { alert: AlertView }) {
  const [shown, setShown] = useState(false)
  const [forHours, setForHours] = useState(1)
  const { health, word } = look(alert)
  const { acknowledged } = alert
  return (
    <li className="space-y-2 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <HealthMark health={health} word={word} solid />
        <span className="min-w-0 break-words font-medium">{alert.title}</span>
        {alert.silenced ? <Badge>‖ silenced</Badge> : null}
        {alert.state === 'acknowledged' ? <Badge>acknowledged</Badge> : null}
      </div>
      <p className="break-words text-sm">{alert.sentence}</p>
      <p className="text-muted text-xs">
        <Link href={`/services/${alert.service}`} className="underline underline-offset-4">
          {alert.service}
        </Link>
        , since <When at={alert.openedAt} age />
        {alert.resolvedAt ? (
          <>
            , until <When at={alert.resolvedAt} />
          </>
        ) : null}
        {acknowledged ? (
          <>
            ; acknowledged by {acknowledged.by}, <When at={acknowledged.at} />
            {acknowledged.note ? `: ${acknowledged.note}` : ''}
          </>
        ) : null}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button asChild size="sm">
          <Link href={alert.href}>Look at it</Link>
        </Button>
        {alert.state === 'resolved' ? null : (
          <>
            <ActionDialog
              label="Acknowledge"
              title={`Acknowledge: ${alert.title}`}
              consequence="Says that you have seen it. It fires again if it gets worse."
              capability={alert.can.acknowledge}
              under={`${alert.id}/acknowledge`}
              body={(note) => ({ note })}
              optional
            />
            <ActionDialog
              label="Silence"
              title={`Silence: ${alert.title}`}
              consequence="It stays on this list, and tells nobody until the silence ends."
              capability={alert.can.silence}
              under="silences"
              body={(reason) => ({
                service: alert.service,
                signal: alert.signal,
                subject: alert.subject,
                until: new Date(Date.now() + forHours * 3_600_000).toISOString(),
                reason,
              })}
            >
              <Field label="For">
                <NativeSelect value={forHours} onChange={(event) => setForHours(Number(event.target.value))}>
                  {hours.map((each) => (
                    <option key={each} value={each}>
                      {each === 168 ? '7 days' : `${each} h`}
                    </option>
                  ))}
                </NativeSelect>
              </Field>
            </ActionDialog>
          </>
        )}
        <Button size="sm" variant="ghost" aria-expanded={shown} onClick={() => setShown(!shown)}>
          History
        </Button>
      </div>
      {shown ? <History id={alert.id} /> : null}
    </li>
  )
}

function History({ id }: { id: string }) {
  const query = useQuery(alertQuery(id))
  if (query.isError) return <ProblemAlert error={query.error} />
  if (!query.data) return <p className="text-muted text-sm">Reading the history…</p>
  return (
    <ol className="space-y-1 border-l pl-3 text-sm">
      {query.data.events.map((event) => (
        <li key={event.id}>
          <When at={event.at} /> <span className="font-medium">{event.kind}</span>: {event.message}{' '}
          <span className="text-muted text-xs">({event.actor})</span>
        </li>
      ))}
    </ol>
  )
}

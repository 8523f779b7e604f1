'use client'
import { type FormEvent, useState } from 'react'
import { newIdempotencyKey } from '@/components/data/fetcher'
import { useThresholdChange } from '@/components/data/thresholds'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { HealthMark } from '@/components/ui/health'
import { Input } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { When } from '@/components/ui/when'
import { figureText } from '@/server/domain/alerts/words'
import type { Capability, Health } from '@/server/queries/dto/common'
import type { ThresholdView } from '@/server/queries/dto/thresholds'

const looks: Record<NonNullable<ThresholdView['state']>, { health: Health; word: string }> = {
  ok: { health: 'ok', word: 'ok' },
  warn: { health: 'degraded', word: 'warns' },
  critical: { health: 'down', word: 'critical' },
  unknown: { health: 'unknown', word: 'unknown' },
  stale: { health: 'stale', word: 'stale' },
}

function limitsText({ direction, unit }: ThresholdView, { warn, critical }: ThresholdView['current']): string {
  if (direction === 'exactly-one') return 'none warns, 2 or more is critical'
  return `warns ${direction} ${figureText(warn, unit)}, critical ${direction} ${figureText(critical, unit)}`
}

/** One signal: what holds, what the default is, who changed it; edited in place. */
export function ThresholdRow({ service, row, can }: { service: string; row: ThresholdView; can: Capability }) {
  const [editing, setEditing] = useState(false)
  const { override } = row
  const look = row.state ? looks[row.state] : null
  return (
    <li id={row.signal} className="space-y-2 px-4 py-3 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="font-semibold">{row.title}</h2>
        {look ? <HealthMark health={look.health} word={look.word} /> : <span className="text-muted">not measured</span>}
      </div>
      <p className="figures font-medium">{limitsText(row, row.current)}</p>
      <p className="text-muted text-xs">
        {row.meaning} Held for {row.heldSeconds} s; an alert also after {row.staleAfterSeconds} s of silence.
      </p>
      {override ? (
        <p className="break-words text-muted text-xs">
          Changed by {override.by}, <When at={override.at} />: {override.reason}. Default:{' '}
          {limitsText(row, row.default)}.{override.previous ? ` Before: ${limitsText(row, override.previous)}.` : ''}
        </p>
      ) : (
        <p className="text-muted text-xs">{row.source === 'guide' ? 'Default, from the guide.' : 'Default.'}</p>
      )}
      {row.range === null ? (
        <p className="text-muted text-xs">Fixed: it is the same for every service.</p>
      ) : editing ? (
        <Edit service={service} row={row} done={() => setEditing(false)} />
      ) : (
        <Button
          size="sm"
          disabled={!can.allowed}
          title={can.reason ?? undefined}
          aria-label={`Change ${row.title}`}
          onClick={() => setEditing(true)}
        >
          Change
        </Button>
      )}
    </li>
  )
}

function Edit({ service, row, done }: { service: string; row: ThresholdView; done(): void }) {
  const act = useThresholdChange(service)
  const [key, setKey] = useState(newIdempotencyKey)
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const [warn, setWarn] = useState(String(row.current.warn))
  const [critical, setCritical] = useState(String(row.current.critical))
  const short = reason.trim().length < 3
  const send = (under: string, limits: { warn?: number; critical?: number }) => {
    setTried(true)
    if (short) return
    act.mutate(
      { under, body: { ...limits, reason: reason.trim() }, key },
      { onSuccess: done, onError: () => setKey(newIdempotencyKey()) },
    )
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send(row.signal, { warn: Number(warn), critical: Number(critical) })
  }
  const number = (value: string) =>
    value.trim() === '' || !Number.isFinite(Number(value)) ? 'A number is needed.' : null
  const wrong = number(warn) ?? number(critical)
  return (
    <form onSubmit={submit} noValidate className="space-y-3 rounded-md border p-3">
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={`Warns ${row.direction} (${row.unit})`} error={number(warn)}>
          <Input inputMode="decimal" value={warn} onChange={(event) => setWarn(event.target.value)} />
        </Field>
        <Field label={`Critical ${row.direction} (${row.unit})`} error={number(critical)}>
          <Input inputMode="decimal" value={critical} onChange={(event) => setCritical(event.target.value)} />
        </Field>
      </div>
      <Field label="Reason" error={tried && short ? 'Say why, in a few words: it goes into the audit trail.' : null}>
        <Input value={reason} onChange={(event) => setReason(event.target.value)} maxLength={1000} />
      </Field>
      {act.isError ? <ProblemAlert error={act.error} /> : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" busy={act.isPending} disabled={wrong !== null}>
          Save
        </Button>
        {row.override ? (
          <Button disabled={act.isPending} onClick={() => send(`${row.signal}/reset`, {})}>
            Back to the default
          </Button>
        ) : null}
        <Button variant="ghost" onClick={done}>
          Cancel
        </Button>
      </div>
    </form>
  )
}

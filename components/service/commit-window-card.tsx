'use client'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { commitWindowQuery, useCommit } from '@/components/data/break-glass'
import { newIdempotencyKey } from '@/components/data/fetcher'
import { formatBytes, formatSeconds, plain } from '@/components/format/number'
import { Button } from '@/components/ui/button'
import { Card, CardBody } from '@/components/ui/card'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Textarea } from '@/components/ui/input'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { Age, When } from '@/components/ui/when'
import type { CommitWindowView } from '@/server/queries/dto/commit-window'

type Window = NonNullable<CommitWindowView['window']>

/** The way back after a failover: until when the old primary is kept, what going back would lose by now, and the button that gives it up. */
export function CommitWindowCard({ service }: { service: string }) {
  const query = useQuery(commitWindowQuery(service))
  const window = query.data?.window
  if (query.isError && !query.data) {
    return (
      <Card title="Old primary">
        <CardBody>
          <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
        </CardBody>
      </Card>
    )
  }
  if (!window) return null
  return (
    <Card title={titleOf(window)} aside={<span>{stateWords[window.state]}</span>}>
      <CardBody className="space-y-3 text-sm">
        {window.state === 'open' ? <OpenWindow service={service} window={window} /> : <Decided window={window} />}
      </CardBody>
    </Card>
  )
}

const stateWords: Record<Window['state'], string> = {
  open: '‖ kept, fenced and untouched',
  committed: '✓ committed',
  ended: '✓ ended',
}

function titleOf(window: Window) {
  if (window.state !== 'open') return 'Old primary: no longer kept'
  return (
    <>
      Old primary kept until <When at={window.endsAt} />
    </>
  )
}

function OpenWindow({ service, window }: { service: string; window: Window }) {
  const { goingBack } = window
  const figure = (text: string) => <span className="figures font-semibold">{text}</span>
  return (
    <>
      <p>
        {window.fencedServerId} in {window.fencedRegion} is the way back. A failback that would rewind it waits until
        someone commits, or until the window ends.
      </p>
      <div className="rounded-md border bg-surface-2 p-3">
        <p className="font-medium">Going back now would lose</p>
        <p className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
          <span>{figure(goingBack.bytes === null ? '? unknown' : plain(formatBytes(goingBack.bytes)))} of WAL</span>
          <span>
            {figure(goingBack.seconds === null ? '? unknown' : plain(formatSeconds(goingBack.seconds)))} of writes
          </span>
          <span>{figure(goingBack.rows === null ? '? unknown' : String(goingBack.rows))} rows</span>
        </p>
        <p className="mt-1 text-muted text-xs">
          {goingBack.words} {goingBack.stale ? '◷ Stale: seen ' : 'Seen '}
          <Age at={goingBack.observedAt} />
        </p>
      </div>
      <Commit service={service} window={window} />
    </>
  )
}

function Decided({ window }: { window: Window }) {
  return (
    <p>
      {window.state === 'committed' ? `${window.decidedBy ?? 'Someone'} committed` : 'The window ended'}{' '}
      <When at={window.decidedAt ?? window.endsAt} />
      {window.reason ? `: ${window.reason}` : '.'} {window.fencedServerId} may be rewound or rebuilt.
    </p>
  )
}

function Commit({ service, window }: { service: string; window: Window }) {
  const commit = useCommit()
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const [key, setKey] = useState(newIdempotencyKey)
  const { allowed, reason: whyNot } = window.can.commit
  const short = reason.trim().length < 3
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (short) return
    commit.mutate(
      { service, runId: window.runId, reason: reason.trim(), key },
      {
        onSuccess: () => setOpen(false),
        onError: (error) => {
          if (!('status' in error) || error.status !== 0) setKey(newIdempotencyKey())
        },
      },
    )
  }
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button variant="danger-outline" disabled={!allowed} onClick={() => setOpen(true)}>
        Commit to {window.writerServerId}…
      </Button>
      {allowed ? null : <span className="font-medium">Not possible: {whyNot}</span>}
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={`Commit to ${window.writerServerId}?`}
        description={`Gives up the way back to ${window.fencedServerId}: from then on it may be rewound or rebuilt. Nothing is changed on any server by this.`}
      >
        <form onSubmit={submit} noValidate className="space-y-4">
          <Field
            label="Reason"
            error={tried && short ? 'Say why, in a few words: it goes into the audit trail.' : null}
          >
            <Textarea value={reason} onChange={(event) => setReason(event.target.value)} maxLength={1000} />
          </Field>
          {commit.isError ? <ProblemAlert error={commit.error} /> : null}
          <Button type="submit" variant="danger" busy={commit.isPending} className="w-full whitespace-normal">
            Commit, and give up the way back
          </Button>
        </form>
      </Dialog>
    </div>
  )
}

'use client'
import { useState } from 'react'
import { useAlertChange } from '@/components/data/alerts'
import { newIdempotencyKey } from '@/components/data/fetcher'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { When } from '@/components/ui/when'
import type { SilenceView } from '@/server/queries/dto/alerts'

const every = (text: string, word: string) => (text === '*' ? `every ${word}` : text)

/** What is kept quiet, by whom, why and until when. */
export function SilencesCard({ silences }: { silences: readonly SilenceView[] }) {
  return (
    <Card title="Silences">
      <ul className="divide-y">
        {silences.map((silence) => (
          <Row key={silence.id} silence={silence} />
        ))}
      </ul>
    </Card>
  )
}

function Row({ silence }: { silence: SilenceView }) {
  const act = useAlertChange()
  const [key, setKey] = useState(newIdempotencyKey)
  const { id, service, signal, subject, reason, by, until, can } = silence
  const end = () =>
    act.mutate({ under: `silences/${id}/end`, body: {}, key }, { onError: () => setKey(newIdempotencyKey()) })
  return (
    <li className="space-y-2 px-4 py-3 text-sm">
      <p className="break-words font-medium">
        ‖ {every(signal, 'signal')} of {every(subject, 'subject')} in {every(service, 'service')}
      </p>
      <p className="break-words text-muted text-xs">
        by {by}, until <When at={until} />: {reason}
      </p>
      <Button
        size="sm"
        busy={act.isPending}
        disabled={!can.end.allowed}
        title={can.end.reason ?? undefined}
        onClick={end}
      >
        End it now
      </Button>
      {act.isError ? <ProblemAlert error={act.error} /> : null}
    </li>
  )
}

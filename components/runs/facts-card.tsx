import Link from 'next/link'
import type { ReactNode } from 'react'
import { Card } from '@/components/ui/card'
import { Digest } from '@/components/ui/digest'
import { When } from '@/components/ui/when'
import type { RunView } from '@/server/queries/dto/run'
import { lossSentence } from '../request/loss-words'

/** Who asked, why, for which plan, and who leads it. */
export function FactsCard({ run }: { run: RunView }) {
  return (
    <Card title="About this run">
      <dl className="grid gap-x-6 gap-y-2.5 px-4 py-3 text-sm sm:grid-cols-[auto_1fr]">
        <Row label="Does">{run.summary}</Row>
        <Row label="Requested">
          by {run.requester}, <When at={run.requestedAt} />
        </Row>
        <Row label="Reason">“{run.reason}”</Row>
        <Row label="Loss stated">{lossSentence(run.plan.expected.loss)}</Row>
        <Row label="Generation">{run.generation ?? 'given at the start'}</Row>
        <Row label="Led by">
          {run.leader ? (
            <>
              {run.leader.worker}, lease until <When at={run.leader.expiresAt} />
            </>
          ) : (
            'no worker'
          )}
        </Row>
        {run.incidentId ? (
          <Row label="Incident">
            <Link href={`/incidents/${run.incidentId}`} className="underline underline-offset-4">
              Open the incident
            </Link>
          </Row>
        ) : null}
      </dl>
      <div className="border-t px-4 py-2">
        <Digest value={run.digest} />
      </div>
    </Card>
  )
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted text-xs sm:leading-5">{label}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  )
}

'use client'
import { useState } from 'react'
import { Card, CardBody } from '@/components/ui/card'
import { Digest } from '@/components/ui/digest'
import { Field } from '@/components/ui/field'
import { HealthMark } from '@/components/ui/health'
import { Input } from '@/components/ui/input'
import { When } from '@/components/ui/when'
import type { ModeView, StandingApprovalView } from '@/server/queries/dto/mode'
import { ReasonedButton } from './reasoned-button'

const looks = {
  requested: { health: 'paused', word: 'waits for votes' },
  valid: { health: 'ok', word: 'holds' },
  rejected: { health: 'down', word: 'turned down' },
  revoked: { health: 'down', word: 'revoked' },
  expired: { health: 'stale', word: 'ended' },
  void: { health: 'down', word: 'void' },
} as const
const dayMs = 86_400_000

/** Who has said yes in advance, to what, and until when. */
export function StandingCard({ view }: { view: ModeView }) {
  return (
    <Card title="Standing approval">
      {view.standingApprovals.length === 0 ? (
        <CardBody className="text-muted text-sm">
          Nobody has asked for one: nothing is failed over without a person.
        </CardBody>
      ) : (
        <ul className="divide-y">
          {view.standingApprovals.map((each) => (
            <Standing key={each.id} service={view.service} standing={each} />
          ))}
        </ul>
      )}
      <div className="border-t px-4 py-3">
        <Ask view={view} />
      </div>
    </Card>
  )
}

function Standing({ service, standing }: { service: string; standing: StandingApprovalView }) {
  const look = looks[standing.state]
  const open = standing.state === 'requested' || standing.state === 'valid'
  const vote = { service, under: `standing-approvals/${standing.id}/votes`, as: 'comment' as const }
  return (
    <li className="space-y-2 px-4 py-3 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <HealthMark health={look.health} word={look.word} />
        <span className="text-muted text-xs">
          {open ? 'until' : 'would have ended'} <When at={standing.expiresAt} />
        </span>
      </div>
      <p className="break-words">
        Asked for by {standing.requester}, <When at={standing.requestedAt} />: “{standing.reason}”
      </p>
      <ul className="space-y-1">
        {standing.votes.map((each) => (
          <li key={each.voter} className="break-words">
            <span className={each.decision === 'approve' ? 'font-semibold text-ok' : 'font-semibold text-down'}>
              {each.decision === 'approve' ? '✓ yes' : '✖ no'}
            </span>{' '}
            {each.voter}, <When at={each.decidedAt} />
            {each.comment ? ` “${each.comment}”` : ''}
          </li>
        ))}
        {standing.state === 'requested' ? (
          <li className="text-muted">
            {standing.votes.length} of {standing.votesRequired} people have said yes.
          </li>
        ) : null}
      </ul>
      {standing.revoked ? (
        <p className="break-words">
          Revoked by {standing.revoked.by}, <When at={standing.revoked.at} />: “{standing.revoked.reason}”
        </p>
      ) : standing.problems.length > 0 && standing.state !== 'requested' ? (
        <p className="font-medium">{standing.problems.join('; ')}.</p>
      ) : null}
      <Digest value={standing.digest} label="Digest of its rules" />
      {open ? (
        <details className="text-xs">
          <summary className="flex min-h-11 items-center text-muted md:min-h-7">What a yes is for</summary>
          <pre className="overflow-x-auto rounded bg-surface-2 p-2 font-mono">
            {JSON.stringify(standing.document, null, 2)}
          </pre>
        </details>
      ) : null}
      {open ? (
        <div className="flex flex-wrap gap-3">
          {standing.state === 'requested' ? (
            <>
              <ReasonedButton
                {...vote}
                body={{ decision: 'approve', digest: standing.digest }}
                label="Say yes"
                title="Say yes to automatic failover in advance"
                consequence="With two yes, a confirmed outage that meets every rule is failed over without asking anybody, until the end date."
                variant="primary"
                capability={standing.can.vote}
              />
              {standing.can.vote.allowed ? (
                <ReasonedButton
                  {...vote}
                  body={{ decision: 'reject', digest: standing.digest }}
                  label="Say no"
                  title="Turn this standing approval down"
                  consequence="It ends; somebody may ask for another."
                  capability={standing.can.vote}
                />
              ) : null}
            </>
          ) : null}
          <ReasonedButton
            service={service}
            under={`standing-approvals/${standing.id}/revoke`}
            label="Revoke"
            title="Revoke this standing approval"
            consequence="From now on nothing is failed over without a person, until a new one is approved."
            variant="danger-outline"
            capability={standing.can.revoke}
          />
        </div>
      ) : null}
    </li>
  )
}

function Ask({ view }: { view: ModeView }) {
  const most = view.policy.standingApprovalDays
  const [days, setDays] = useState(Math.min(30, most))
  const whole = Math.max(1, Math.min(most, Math.round(days) || 1))
  // Counted from what the server last said, so that a wrong clock here asks for the right end.
  const expiresAt = new Date(Date.parse(view.observedAt) + whole * dayMs).toISOString()
  return (
    <ReasonedButton
      service={view.service}
      under="standing-approvals"
      body={{ expiresAt }}
      label="Ask for a standing approval…"
      title="Ask for a standing approval"
      consequence="For exactly the rules that are configured now. Two other people have to say yes before it gives anything."
      capability={view.can.requestStandingApproval}
    >
      <Field label="Days until it ends" hint={`At most ${most}. Any change of the configuration ends it before.`}>
        <Input
          type="number"
          min={1}
          max={most}
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
        />
      </Field>
    </ReasonedButton>
  )
}

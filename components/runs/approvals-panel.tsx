import Link from 'next/link'
import { Card } from '@/components/ui/card'
import { When } from '@/components/ui/when'
import type { RunView } from '@/server/queries/dto/run'

/** Who said what to which plan. */
export function ApprovalsPanel({ run }: { run: RunView }) {
  return (
    <Card
      title="Approvals"
      aside={<span className="figures">{`${run.approvals.given} of ${run.approvals.required}`}</span>}
    >
      <ul className="divide-y text-sm">
        {run.approvalList.map((approval) => (
          <li key={approval.id} className="px-4 py-2.5">
            <p>
              <span className={approval.decision === 'approve' ? 'font-semibold text-ok' : 'font-semibold text-down'}>
                {approval.decision === 'approve' ? '✓ approved' : '✖ denied'}
              </span>{' '}
              by {approval.approver}, <When at={approval.decidedAt} />
            </p>
            {approval.comment ? <p className="break-words">“{approval.comment}”</p> : null}
            <p className="text-muted text-xs">
              plan <code className="font-mono">{approval.digest.slice(0, 8)}</code>
              {approval.digest === run.digest ? '' : ' (an earlier plan: does not count)'} · valid until{' '}
              <When at={approval.expiresAt} />
              {approval.usedAt ? (
                <>
                  {' '}
                  · used <When at={approval.usedAt} />
                </>
              ) : null}
            </p>
            {approval.stillHolds ? null : (
              <p className="font-medium text-degraded">▲ No longer counts: the approver has lost the right.</p>
            )}
          </li>
        ))}
        {run.approvalList.length === 0 ? <li className="px-4 py-2.5 text-muted">Nobody has decided.</li> : null}
        {run.state === 'awaiting_approval' ? (
          <li className="px-4 py-2.5">
            <p className="text-muted">
              May approve:{' '}
              {run.eligibleApprovers.map((each) => each.name).join(', ') || 'nobody; an admin has to name an approver'}
            </p>
            <Link
              href={`/approvals#run-${run.id}`}
              className="inline-flex min-h-11 items-center font-medium underline underline-offset-4"
            >
              Decide in approvals
            </Link>
          </li>
        ) : null}
      </ul>
    </Card>
  )
}

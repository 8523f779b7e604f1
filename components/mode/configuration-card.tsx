import { Card, CardBody } from '@/components/ui/card'
import { When } from '@/components/ui/when'
import type { ModeView } from '@/server/queries/dto/mode'

const words = {
  manual: 'Manual: only a person asks for a failover, and another approves it.',
  assisted: 'Assisted: a confirmed outage drafts the failover, and a person approves it.',
  automatic: 'Automatic: a confirmed outage that meets every rule is failed over without asking.',
} as const

/** The mode and its limits come from the configuration, where they are versioned; this says what they are and how to change them. */
export function ConfigurationCard({ view }: { view: ModeView }) {
  const { policy, maintenance } = view
  const limits = [
    ['Vantage points that must agree', String(policy.quorum)],
    ['Standbys that must answer', String(policy.minCandidates)],
    ['Most that may be lost', `${policy.maxLossBytes.toLocaleString('en-US')} bytes, ${policy.maxLossSeconds} s`],
    ['Oldest last sight of the primary', `${policy.maxSightAgeSeconds} s`],
    ['Least time between two', `${policy.coolDownMinutes} min`],
  ]
  return (
    <Card title="Mode and limits">
      <CardBody className="space-y-3 text-sm">
        <p className="font-medium">{words[view.mode]}</p>
        <dl className="grid gap-x-6 gap-y-2 sm:grid-cols-2">
          {limits.map(([label, value]) => (
            <div key={label}>
              <dt className="text-muted text-xs">{label}</dt>
              <dd className="figures">{value}</dd>
            </div>
          ))}
        </dl>
        {maintenance ? (
          <p>
            Maintenance is announced from <When at={maintenance.startsAt} /> to <When at={maintenance.endsAt} />:{' '}
            {maintenance.reason}
          </p>
        ) : null}
        <p className="text-muted text-xs">
          Changed in the service’s configuration (<code className="font-mono">mode</code> and{' '}
          <code className="font-mono">policies.automatic</code> in <code className="font-mono">lifeboat.yaml</code>) and
          applied as a new version. Any new version ends the standing approval.
        </p>
      </CardBody>
    </Card>
  )
}

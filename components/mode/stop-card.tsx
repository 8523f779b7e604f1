import { Card } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { When } from '@/components/ui/when'
import type { ModeView } from '@/server/queries/dto/mode'
import { ReasonedButton } from './reasoned-button'

/** The switches that stop what Lifeboat does by itself. On is one press for anybody on duty; off takes an approver. */
export function StopCard({ view }: { view: ModeView }) {
  return (
    <Card title="Kill switch">
      <ul className="divide-y">
        <SwitchRow view={view} scope="service" what={view.serviceName} />
        <SwitchRow view={view} scope="all" what="all services" />
      </ul>
      <p className="border-t px-4 py-3 text-muted text-xs">
        Stops drafts and automatic failovers. A run that was opened by itself stops before its next step, unless it is
        past its point of no return. What a person asks for is not stopped.
      </p>
    </Card>
  )
}

function SwitchRow({ view, scope, what }: { view: ModeView; scope: 'service' | 'all'; what: string }) {
  const { on, reason, changedAt, changedBy } = view.killSwitch[scope]
  const { stop, stopAll, allow, allowAll } = view.can
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 px-4 py-3 text-sm">
      <div className="min-w-0">
        <p>
          <HealthMark
            health={on ? 'paused' : 'ok'}
            word={on ? `stopped: ${what}` : `not stopped: ${what}`}
            className="whitespace-normal"
          />
        </p>
        {changedAt ? (
          <p className="break-words text-muted text-xs">
            turned {on ? 'on' : 'off'} by {changedBy}, <When at={changedAt} />: {reason}
          </p>
        ) : null}
      </div>
      {on ? (
        <ReasonedButton
          service={view.service}
          under="kill-switch"
          body={{ on: false, scope }}
          label={`Allow ${what} again`}
          title={`Allow automatic actions of ${what} again`}
          consequence="From now on confirmed outages are drafted or failed over again, as the mode and the rules say."
          capability={scope === 'all' ? allowAll : allow}
        />
      ) : (
        <ReasonedButton
          service={view.service}
          under="kill-switch"
          body={{ on: true, scope }}
          label={`Stop ${what}`}
          title={`Stop automatic actions of ${what}`}
          consequence="Nothing is drafted or failed over by itself until an approver or an administrator allows it again."
          variant="danger-outline"
          capability={scope === 'all' ? stopAll : stop}
        />
      )}
    </li>
  )
}

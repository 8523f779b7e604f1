import Link from 'next/link'
import { Card, CardBody } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { When } from '@/components/ui/when'
import type { ModeView } from '@/server/queries/dto/mode'
import { ReasonedButton } from './reasoned-button'

/** After an automatic failover the next one waits for a person: two in a row are a sign of something else. */
export function CoolDownCard({ view }: { view: ModeView }) {
  const { coolDown } = view
  return (
    <Card title="Cool-down">
      <CardBody className="space-y-3 text-sm">
        {coolDown === null ? (
          <p className="text-muted">There was no automatic failover yet.</p>
        ) : (
          <>
            <p>
              The last automatic failover was at <When at={coolDown.at} age />:{' '}
              <Link href={`/runs/${coolDown.runId}`} className="underline underline-offset-4">
                its run
              </Link>
              .
            </p>
            <p>
              {coolDown.acknowledgedAt ? (
                <HealthMark health="ok" word="acknowledged" />
              ) : (
                <HealthMark health="paused" word="waits to be acknowledged" />
              )}{' '}
              {coolDown.acknowledgedAt ? <When at={coolDown.acknowledgedAt} /> : null}
            </p>
            {coolDown.acknowledgedAt ? (
              <p className="text-muted">
                The next may follow from <When at={coolDown.endsAt} /> on.
              </p>
            ) : (
              <ReasonedButton
                service={view.service}
                under="acknowledge"
                label="Acknowledge…"
                title="Acknowledge the automatic failover"
                consequence="You say that you have looked at what was done and that Lifeboat may do it again when every rule holds."
                variant="primary"
                capability={view.can.acknowledge}
              />
            )}
          </>
        )}
        <p className="text-muted text-xs">Planned work, and what a person asks for, never waits for this.</p>
      </CardBody>
    </Card>
  )
}

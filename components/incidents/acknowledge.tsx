'use client'
import { useQuery } from '@tanstack/react-query'
import { meQuery, useAcknowledge } from '@/components/data/records'
import { Button } from '@/components/ui/button'
import { Card, CardBody } from '@/components/ui/card'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { When } from '@/components/ui/when'
import type { IncidentView } from '@/server/queries/dto/records'

const over: readonly IncidentView['state'][] = ['closed', 'dismissed']

/** Someone has seen it: the stamp is when the response began. */
export function Acknowledge({ incident }: { incident: IncidentView }) {
  const me = useQuery(meQuery()).data
  const act = useAcknowledge()
  const why =
    me && !me.rights.includes('incident.acknowledge')
      ? 'This needs the operator, approver or admin role on this service.'
      : null
  return (
    <Card title="Response">
      <CardBody className="space-y-3 text-sm">
        {incident.acknowledgedAt ? (
          <p>
            ✓ Acknowledged <When at={incident.acknowledgedAt} age />
          </p>
        ) : over.includes(incident.state) ? (
          <p className="text-muted">It ended without being acknowledged.</p>
        ) : (
          <>
            <p className="text-muted">Nobody has said yet that they are on it.</p>
            <Button
              variant="primary"
              className="w-full"
              busy={act.isPending}
              disabled={why !== null}
              onClick={() => act.mutate(incident.id)}
            >
              Acknowledge: I am on it
            </Button>
            {why ? <p className="text-muted text-xs">{why}</p> : null}
          </>
        )}
        {act.isError ? <ProblemAlert error={act.error} /> : null}
      </CardBody>
    </Card>
  )
}

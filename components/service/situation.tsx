import Link from 'next/link'
import { Alert } from '@/components/ui/alert'
import { Button } from '@/components/ui/button'
import { When } from '@/components/ui/when'
import type { ServiceView } from '@/server/queries/dto/service'

/** The loudest state there is: what two servers accept at once cannot both be kept. */
export function TwoPrimaries({ service }: { service: ServiceView }) {
  const seen = service.writer.primariesSeen ?? 0
  if (seen < 2) return null
  const primaries = service.regions.flatMap((region) =>
    region.servers.filter((server) => server.role === 'primary').map((server) => `${server.id} in ${region.name}`),
  )
  return (
    <div role="alert" className="rounded-lg bg-down px-5 py-4 text-down-foreground">
      <p className="font-bold text-xl">✖ {seen} writable primaries at once</p>
      <p className="mt-1 max-w-prose font-medium">
        {primaries.join(' and ') || 'More than one server'} accept writes: every second of it makes rows that only one
        side has. The writer by the books is {service.writer.serverId ?? 'not known'}
        {service.writer.region ? ` in ${service.writer.region}` : ''}. Stop or fence the other one now; do not start a
        failover before that.
      </p>
    </div>
  )
}

/** What goes on now: the open incident and the run that holds the service. */
export function Happening({ service }: { service: ServiceView }) {
  const { incident, activeRun } = service
  return (
    <>
      {incident ? (
        <Alert tone="down" live="assertive" title={incident.title}>
          <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <span>
              Incident {incident.state}, opened <When at={incident.openedAt} age />
            </span>
            <Button asChild size="sm">
              <Link href={`/incidents/${incident.id}`}>Open the incident</Link>
            </Button>
          </p>
        </Alert>
      ) : null}
      {activeRun ? (
        <Alert tone="info" live="polite" title={`A ${activeRun.kind} is ${activeRun.state.replace('_', ' ')}`}>
          <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
            {activeRun.startedAt ? (
              <span>
                Started <When at={activeRun.startedAt} age />
              </span>
            ) : null}
            <Button asChild size="sm" variant="primary">
              <Link href={`/runs/${activeRun.id}`}>Watch the run</Link>
            </Button>
          </p>
        </Alert>
      ) : null}
    </>
  )
}

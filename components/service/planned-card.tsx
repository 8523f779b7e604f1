import Link from 'next/link'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import type { ServiceView } from '@/server/queries/dto/service'

type Work = {
  path: string
  verb: string
  about(service: ServiceView): string
  /** Left out where it would do nothing; absent: always offered. */
  offered?(service: ServiceView): boolean
}

/** A region that came back and is no standby yet: then it can be brought in again. */
const heldOut = ({ regions, writer }: ServiceView) =>
  regions.find((region) => region.id !== writer?.region && region.role !== 'standby')

const delayedOf = (service: ServiceView) =>
  service.regions.flatMap((region) => region.servers.flatMap((server) => server.delayed ?? []))

/** What can be done to a service while nothing is on fire. Each opens its wizard; nothing runs from here. */
const works: readonly Work[] = [
  {
    path: 'failback',
    verb: 'Plan a failback',
    offered: (service) => heldOut(service) !== undefined,
    about: (service) =>
      `Failback: brings ${heldOut(service)?.name ?? 'the other region'} back as the standby, and keeps what only it has. The writer stays where it is.`,
  },
  {
    path: 'switchover',
    verb: 'Plan a switchover',
    about: (service) => {
      const standby = service.regions.find((region) => region.role === 'standby')
      return `Switchover: makes ${standby?.name ?? 'the other region'} the primary while both regions are well. No acknowledged write is lost.`
    },
  },
  {
    path: 'evacuate',
    verb: 'Plan an evacuation',
    offered: (service) => service.dns.shared.length > 0,
    about: (service) =>
      `Evacuation: takes one region out of ${service.dns.shared.map((each) => each.name).join(' and ')} in watched stages, or brings it back. The writer stays where it is.`,
  },
  {
    path: 'roll-forward',
    verb: 'Undo a bad change',
    offered: (service) => delayedOf(service).length > 0,
    about: (service) => {
      const seconds = delayedOf(service)[0]?.delaySeconds ?? 0
      return `Roll forward: makes the standby that is held ${seconds} s behind the primary, at a moment before a bad migration or deletion. What was written after that moment stays on the old primary.`
    },
  },
]

export function PlannedCard({ service }: { service: ServiceView }) {
  const offered = works.filter((work) => work.offered?.(service) ?? true)
  if (offered.length === 0) return null
  return (
    <Card title="Planned work" aside="each opens its plan; nothing runs before it is approved">
      <ul>
        {offered.map((work) => (
          <li
            key={work.path}
            className="flex flex-wrap items-center justify-between gap-3 border-b px-4 py-3 last:border-b-0"
          >
            <span className="min-w-0 max-w-2xl text-sm">{work.about(service)}</span>
            <Button asChild className="w-full whitespace-normal sm:w-auto">
              <Link href={`/services/${service.id}/${work.path}`}>{work.verb}…</Link>
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  )
}

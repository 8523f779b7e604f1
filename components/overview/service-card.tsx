import Link from 'next/link'
import { formatRange, formatSeconds } from '@/components/format/number'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Figure, PlainFigure } from '@/components/ui/figure'
import { HealthMark } from '@/components/ui/health'
import { RegionName, regionIndex } from '@/components/ui/region'
import { When } from '@/components/ui/when'
import type { ServiceSummary } from '@/server/queries/dto/service'
import { readinessLooks } from '../service/readiness-look'
import { Sparkline } from './sparkline'

/** One service: who writes, how far behind the other region is, whether it could fail over, and what is going on. */
export function ServiceCard({ service }: { service: ServiceSummary }) {
  const { readiness, replication, writer } = service
  const look = readinessLooks[readiness.status]
  const writerRegion = service.regions.find((region) => region.id === writer.region)
  const expected = readiness.expected
  return (
    <Card
      title={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Link href={`/services/${service.id}`} className="underline-offset-4 hover:underline">
            {service.name}
          </Link>
          <HealthMark health={service.health} className="text-sm" />
          <Badge>{service.mode}</Badge>
        </span>
      }
      aside={
        <Button asChild size="sm">
          <Link href={`/services/${service.id}`}>Open {service.name}</Link>
        </Button>
      }
    >
      <Happening service={service} />
      <div className="grid gap-x-6 gap-y-5 p-4 sm:grid-cols-2 xl:grid-cols-4">
        <div>
          <p className="text-muted text-xs">Writer</p>
          <p className="text-lg leading-9">
            {writerRegion ? (
              <RegionName name={writerRegion.name} index={regionIndex(service.regions, writerRegion.id)} />
            ) : (
              <HealthMark health="unknown" word="not known" />
            )}
          </p>
          <p className="text-muted text-xs">
            {writer.serverId ?? 'no server'} · since {writer.since ? <When at={writer.since} /> : 'unknown'}
          </p>
        </div>
        <div className="flex items-start justify-between gap-3">
          <Figure label="Replication lag now" measured={replication.lagSeconds} format={formatSeconds} />
          <Sparkline points={service.lagSecondsRecent} className="mt-2 h-12 w-28 shrink-0" />
        </div>
        <PlainFigure
          label="Expected RTO, if it died now"
          health={expected ? look.health : 'unknown'}
          quantity={expected ? formatRange(expected.rtoSeconds) : { text: '?', unit: '' }}
          observedAt={readiness.evaluatedAt}
          note={expected ? `loss: ${expected.loss}` : 'no plan could be built'}
        />
        <div>
          <p className="text-muted text-xs">Could it fail over now?</p>
          <p className="text-lg leading-9">
            <HealthMark health={look.health} word={look.word} />
          </p>
          <p className="text-muted text-xs">{readiness.sentence}</p>
        </div>
      </div>
      <ul className="flex flex-wrap gap-x-6 gap-y-2 border-t px-4 py-3">
        {service.regions.map((region, index) => (
          <li key={region.id} className="flex flex-wrap items-center gap-x-3 text-sm">
            <RegionName name={region.name} index={index} />
            <span className="text-muted">{region.role === 'unknown' ? 'role unknown' : region.role}</span>
            <HealthMark health={region.health} />
          </li>
        ))}
        <li className="ml-auto text-muted text-sm">
          replication <HealthMark health={replication.health} word={replication.state} />
        </li>
      </ul>
    </Card>
  )
}

function Happening({ service }: { service: ServiceSummary }) {
  const { incident, activeRun } = service
  if (!incident && !activeRun) return null
  return (
    <div className="space-y-2 border-b bg-surface-2 px-4 py-3">
      {incident ? (
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <HealthMark health="down" word={`incident ${incident.state}`} />
          <Link href={`/incidents/${incident.id}`} className="font-medium underline underline-offset-4">
            {incident.title}
          </Link>
          <span className="text-muted text-xs">
            since <When at={incident.openedAt} age />
          </span>
        </p>
      ) : null}
      {activeRun ? (
        <p className="flex flex-wrap items-center gap-x-3">
          <HealthMark health="paused" word={`${activeRun.kind} ${activeRun.state.replace('_', ' ')}`} />
          <Link href={`/runs/${activeRun.id}`} className="font-medium underline underline-offset-4">
            Watch the run
          </Link>
        </p>
      ) : null}
    </div>
  )
}

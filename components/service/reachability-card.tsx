import { Card } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { RegionName } from '@/components/ui/region'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { Age } from '@/components/ui/when'
import type { RegionView, ServiceView } from '@/server/queries/dto/service'

/** Who reaches what, from where. One vantage point alone proves nothing: its own link may be the one that failed. */
export function ReachabilityCard({ service }: { service: ServiceView }) {
  return (
    <Card title="Reached from" aside={`${service.vantagePoints.length} vantage points`}>
      <Table label="Regions by vantage point">
        <thead>
          <tr>
            <Th>Vantage point</Th>
            {service.regions.map((region, index) => (
              <Th key={region.id}>
                <RegionName name={region.name} index={index} className="text-foreground" />
              </Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {service.vantagePoints.map((point) => (
            <Tr key={point.vantage}>
              <Td>
                <span className="whitespace-nowrap font-medium">{point.vantage}</span>
                <span className="block text-muted text-xs">
                  <HealthMark health={point.health} word={`${point.workers} worker${point.workers === 1 ? '' : 's'}`} />{' '}
                  <Age at={point.seenAt} />
                </span>
              </Td>
              {service.regions.map((region) => (
                <Td key={region.id}>
                  <Reach look={region.reachability.find((each) => each.vantage === point.vantage)} />
                </Td>
              ))}
            </Tr>
          ))}
        </tbody>
      </Table>
      {service.vantagePoints.length === 0 ? (
        <p className="px-4 py-3 text-muted text-sm">No worker has reported yet: nothing is being watched.</p>
      ) : null}
    </Card>
  )
}

function Reach({ look }: { look: RegionView['reachability'][number] | undefined }) {
  if (!look) return <HealthMark health="unknown" word="never looked" />
  const word = look.ok === null ? 'unknown' : look.ok ? 'answers' : 'no answer'
  return (
    <>
      <HealthMark health={look.health} word={look.health === 'stale' ? `stale, was: ${word}` : word} />
      <span className="figures block text-muted text-xs">
        {look.ok && look.latencyMs !== null ? `${Math.round(look.latencyMs)} ms · ` : ''}
        {look.failure ? `${look.failure} · ` : ''}
        <Age at={look.observedAt} />
      </span>
    </>
  )
}

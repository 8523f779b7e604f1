import { Card, CardBody } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { RegionName, regionIndex } from '@/components/ui/region'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { Age } from '@/components/ui/when'
import type { ServiceView } from '@/server/queries/dto/service'

type Shared = ServiceView['dns']['shared'][number]

/** The names that both regions serve: which records there are, with their weights or places, and where resolvers lead now. */
export function SharedNamesCard({ service }: { service: ServiceView }) {
  return service.dns.shared.map((shared) => (
    <Card
      key={shared.name}
      title="Served by both regions"
      aside={<code className="break-all font-mono">{shared.name}</code>}
    >
      <CardBody className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <span>
          {shared.policy === 'weighted' ? 'Answered by weight' : 'Answered by where the user’s resolver is'}, kept for{' '}
          <strong className="figures font-semibold">{shared.ttlSeconds} s</strong>.
        </span>
        <HealthMark health={shared.health} word={shared.health === 'ok' ? 'records read' : undefined} />
        <span className="text-muted">
          <Age at={shared.observedAt} />
        </span>
      </CardBody>
      <div className="border-t">
        <Table label={`Records of ${shared.name}`}>
          <thead>
            <tr>
              <Th>Record</Th>
              <Th>{shared.policy === 'weighted' ? 'Weight' : 'Place'}</Th>
              <Th>Leads to</Th>
              <Th>Health check</Th>
            </tr>
          </thead>
          <tbody>
            {shared.records.map((record) => (
              <Tr key={record.setIdentifier}>
                <Td>
                  <code className="font-mono text-xs">{record.setIdentifier}</code>
                </Td>
                <Td>
                  <Share shared={shared} record={record} />
                </Td>
                <Td>
                  <Region service={service} id={record.leadsTo} expected={record.region} />
                </Td>
                <Td>{record.healthCheckId ?? 'none seen'}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      </div>
      <div className="border-t">
        <Table label={`Resolvers asked for ${shared.name}`}>
          <thead>
            <tr>
              <Th>Resolver</Th>
              <Th>Answers</Th>
              <Th>Leads to</Th>
              <Th>Seen</Th>
            </tr>
          </thead>
          <tbody>
            {shared.resolvers.map((answer) => (
              <Tr key={answer.resolver}>
                <Td>
                  <code className="whitespace-nowrap font-mono text-xs">{answer.resolver}</code>
                </Td>
                <Td>
                  <code className="font-mono text-xs">{answer.answers.join(', ') || 'none'}</code>
                </Td>
                <Td>
                  {answer.health === 'ok' ? (
                    <Region service={service} id={answer.region} />
                  ) : (
                    <HealthMark health={answer.health} />
                  )}
                </Td>
                <Td>
                  <Age at={answer.observedAt} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      </div>
    </Card>
  ))
}

/** The weight now, with its share of all, and the configured one where it differs. */
function Share({ shared, record }: { shared: Shared; record: Shared['records'][number] }) {
  if (shared.policy === 'geolocation') return <>{record.place ?? 'unknown'}</>
  if (record.weight === null) return <HealthMark health="unknown" />
  const total = shared.records.reduce((sum, each) => sum + (each.weight ?? 0), 0)
  const share = total > 0 ? Math.round((record.weight / total) * 100) : null
  return (
    <span className="figures">
      {record.weight}
      {share === null ? null : <span className="text-muted"> ({share} %)</span>}
      {record.weight === record.configuredWeight ? null : (
        <span className="block text-xs">
          <HealthMark health="degraded" word={`configured ${record.configuredWeight}`} />
        </span>
      )}
    </span>
  )
}

function Region({ service, id, expected }: { service: ServiceView; id: string | null; expected?: string }) {
  const found = service.regions.find((each) => each.id === id)
  if (!found) return <HealthMark health="unknown" word="no known region" />
  return (
    <>
      <RegionName name={found.name} index={regionIndex(service.regions, found.id)} />
      {expected && expected !== found.id ? (
        <span className="block text-xs">
          <HealthMark health="degraded" word={`configured ${expected}`} />
        </span>
      ) : null}
    </>
  )
}

import { Card, CardBody } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { RegionName, regionIndex } from '@/components/ui/region'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { Age } from '@/components/ui/when'
import type { ServiceView } from '@/server/queries/dto/service'

const methods: Record<ServiceView['dns']['redirectMethod'], string> = {
  'health-switch': 'by a prepared health switch: it works while the record API is away',
  record: 'by editing records: it leans on an API that lives in one region',
}

/** What users' resolvers answer, against where the writer is. */
export function DnsCard({ service }: { service: ServiceView }) {
  const { dns, writer } = service
  return (
    <Card title="DNS" aside={<code className="break-all font-mono">{dns.name}</code>}>
      <CardBody className="text-sm">
        <p>
          {dns.type} record, kept for <strong className="figures font-semibold">{dns.ttlSeconds} s</strong> by
          resolvers. Traffic is turned {methods[dns.redirectMethod]}.
        </p>
      </CardBody>
      <div className="border-t">
        <Table label="Answers by resolver">
          <thead>
            <tr>
              <Th>Resolver</Th>
              <Th>Answers</Th>
              <Th>Leads to</Th>
              <Th>State</Th>
              <Th>Seen</Th>
            </tr>
          </thead>
          <tbody>
            {dns.answers.map((answer) => (
              <Tr key={`${answer.resolver}${answer.vantage}`}>
                <Td>
                  <code className="whitespace-nowrap font-mono text-xs">{answer.resolver}</code>
                  <span className="block text-muted text-xs">from {answer.vantage}</span>
                </Td>
                <Td>
                  <code className="font-mono text-xs">{answer.answers.join(', ') || 'none'}</code>
                </Td>
                <Td>
                  <LeadsTo service={service} region={answer.region} expected={writer.region} />
                </Td>
                <Td>
                  <HealthMark health={answer.health} />
                </Td>
                <Td>
                  <Age at={answer.observedAt} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
        {dns.answers.length === 0 ? <p className="px-4 pb-3 text-muted text-sm">No resolver was asked yet.</p> : null}
      </div>
    </Card>
  )
}

function LeadsTo({
  service,
  region,
  expected,
}: {
  service: ServiceView
  region: string | null
  expected: string | null
}) {
  const found = service.regions.find((each) => each.id === region)
  if (!found) return <HealthMark health="unknown" word="no known region" />
  return (
    <>
      <RegionName name={found.name} index={regionIndex(service.regions, found.id)} />
      {expected && found.id !== expected ? (
        <span className="block text-xs">
          <HealthMark health="degraded" word={`the writer is in ${expected}`} />
        </span>
      ) : null}
    </>
  )
}

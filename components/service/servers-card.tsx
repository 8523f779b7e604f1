import { Card } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { RegionName } from '@/components/ui/region'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { Age } from '@/components/ui/when'
import type { ServiceView } from '@/server/queries/dto/service'
import { roleText } from './role-text'

/** Every PostgreSQL server as its agent last reported it. */
export function ServersCard({ service }: { service: ServiceView }) {
  return (
    <Card title="Servers">
      <Table label="Servers">
        <thead>
          <tr>
            <Th>Server</Th>
            <Th>Region</Th>
            <Th>Role seen</Th>
            <Th>State</Th>
            <Th className="text-right">Timeline</Th>
            <Th>WAL position</Th>
            <Th className="text-right">Generation</Th>
            <Th>Seen</Th>
          </tr>
        </thead>
        <tbody>
          {service.regions.flatMap((region, index) =>
            region.servers.map((server) => (
              <Tr key={server.id}>
                <Td>
                  <span className="whitespace-nowrap font-medium">{server.id}</span>
                  <code className="block whitespace-nowrap font-mono text-muted text-xs">{server.address}</code>
                </Td>
                <Td>
                  <RegionName name={region.name} index={index} />
                </Td>
                <Td className="whitespace-nowrap">
                  {server.role ? roleText(server) : <HealthMark health="unknown" />}
                  {server.id === service.writer.serverId ? (
                    <span className="block text-muted text-xs">the writer</span>
                  ) : null}
                  {server.delayed ? <span className="block text-muted text-xs">delayed on purpose</span> : null}
                </Td>
                <Td>
                  <HealthMark health={server.health} />
                  <span className="block max-w-72 text-muted text-xs">{server.detail}</span>
                </Td>
                <Td className="text-right">{server.timeline ?? '?'}</Td>
                <Td>
                  <code className="font-mono text-xs">{server.lsn ?? '?'}</code>
                </Td>
                <Td className="text-right">{server.generation ?? '?'}</Td>
                <Td>
                  <Age at={server.observedAt} />
                </Td>
              </Tr>
            )),
          )}
        </tbody>
      </Table>
    </Card>
  )
}

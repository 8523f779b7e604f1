import { HealthMark } from '@/components/ui/health'
import { RegionName } from '@/components/ui/region'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import type { Topology } from './topology'

/** The diagram in words: every part with its state and with what flows out of it. */
export function TopologyTable({ topology }: { topology: Topology }) {
  const titleOf = (id: string) => topology.parts.find((part) => part.id === id)?.title ?? id
  return (
    <Table label="Topology as a table">
      <thead>
        <tr>
          <Th>Part</Th>
          <Th>Region</Th>
          <Th>State</Th>
          <Th>Leads to</Th>
        </tr>
      </thead>
      <tbody>
        {topology.parts.map((part) => (
          <Tr key={part.id}>
            <Td>
              <span className="font-medium">{part.title}</span>
              <span className="block text-muted text-xs">{part.lines.join(' · ')}</span>
            </Td>
            <Td>
              {part.region === null ? (
                <span className="text-muted">both</span>
              ) : (
                <RegionName name={topology.regionNames[part.region] ?? '?'} index={part.region} />
              )}
            </Td>
            <Td>
              <HealthMark health={part.health} />
            </Td>
            <Td>
              {topology.flows
                .filter((flow) => flow.from === part.id)
                .map((flow) => (
                  <span key={flow.id} className="block text-xs">
                    <span className="font-medium">{titleOf(flow.to)}</span>: {flow.what},{' '}
                    <HealthMark health={flow.health} />
                  </span>
                ))}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

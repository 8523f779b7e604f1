import { formatBytes, formatSeconds, plain } from '@/components/format/number'
import { Badge } from '@/components/ui/badge'
import { Card, CardBody } from '@/components/ui/card'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import type { MeasuredRun, RunView } from '@/server/queries/dto/run'
import { PhasesBar } from './phases-bar'
import { isPlanned } from './planned'

/** What it took and what it cost, measured from events; each figure with its certainty. */
export function MeasuredCard({ run }: { run: Pick<RunView, 'kind' | 'measured' | 'targets'> }) {
  const { measured, targets } = run
  if (!measured) return null
  const { rtoSeconds, rtoUncertaintySeconds } = measured
  const met = rtoSeconds === null ? null : rtoSeconds <= targets.rtoSeconds
  if (isPlanned(run.kind)) return <PlannedMeasure measured={measured} targetSeconds={targets.rpoSeconds} />
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title="Recovery time, measured" aside={`target ${plain(formatSeconds(targets.rtoSeconds))}`}>
        <CardBody>
          <p className="figures font-semibold text-3xl tracking-tight">
            {rtoSeconds === null ? '?' : formatSeconds(rtoSeconds).text}
            <span className="ml-1 font-medium text-lg text-muted">
              {rtoSeconds === null ? '' : formatSeconds(rtoSeconds).unit}
            </span>
            {rtoUncertaintySeconds === null ? null : (
              <span className="ml-2 font-normal text-muted text-sm">
                ± {plain(formatSeconds(rtoUncertaintySeconds))}
              </span>
            )}
          </p>
          <p
            className={
              met === null
                ? 'text-muted text-sm'
                : met
                  ? 'font-medium text-ok text-sm'
                  : 'font-medium text-down text-sm'
            }
          >
            {met === null
              ? 'Not over: no good answer has been verified yet.'
              : met
                ? '✓ within the target'
                : '✖ beyond the target'}
          </p>
          <PhasesBar phases={measured.phases} />
        </CardBody>
      </Card>
      <Loss rpo={measured.rpo} targetSeconds={targets.rpoSeconds} />
    </div>
  )
}

/** Planned work is judged by how long writes were held, and by what was lost: nothing, with its proof. */
function PlannedMeasure({ measured, targetSeconds }: { measured: MeasuredRun; targetSeconds: number }) {
  const held = formatSeconds(measured.rtoSeconds)
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title="Writes were held for" aside="planned work">
        <CardBody>
          <p className="figures font-semibold text-3xl tracking-tight">
            {measured.rtoSeconds === null ? '?' : held.text}
            <span className="ml-1 font-medium text-lg text-muted">{measured.rtoSeconds === null ? '' : held.unit}</span>
          </p>
          <p className="text-muted text-sm">
            At most: from the moment the stop was asked for to the first write that was proved.
          </p>
          <PhasesBar phases={measured.phases} />
        </CardBody>
      </Card>
      <Loss rpo={measured.rpo} targetSeconds={targetSeconds} />
    </div>
  )
}

/** What was lost, exactly or as far as it is known; the earlier figure stays beside the exact one. */
export function Loss({ rpo, targetSeconds }: { rpo: MeasuredRun['rpo']; targetSeconds: number | null }) {
  const figures = [
    { label: 'time', quantity: formatSeconds(rpo.seconds) },
    { label: 'WAL', quantity: formatBytes(rpo.bytes) },
    ...(typeof rpo.transactions === 'number'
      ? [{ label: 'transactions', quantity: { text: String(rpo.transactions), unit: '' } }]
      : []),
    { label: 'rows', quantity: { text: rpo.rows === null ? '?' : String(rpo.rows), unit: '' } },
  ]
  return (
    <Card
      title="Loss, measured"
      aside={targetSeconds === null ? undefined : `target ${plain(formatSeconds(targetSeconds))}`}
    >
      <CardBody>
        <p className="mb-2">
          <Badge>{rpo.certainty}</Badge> <span className="text-sm">{rpo.note}</span>
        </p>
        <dl className="flex flex-wrap gap-x-8 gap-y-2">
          {figures.map(({ label, quantity }) => (
            <div key={label}>
              <dt className="text-muted text-xs">{label}</dt>
              <dd className="figures font-semibold text-2xl tracking-tight">
                {quantity.text}
                <span className="ml-1 font-medium text-base text-muted">{quantity.unit}</span>
              </dd>
            </div>
          ))}
        </dl>
        {rpo.earlier ? (
          <p className="mt-2 text-muted text-xs">
            Before the old server could be read it was {rpo.earlier.certainty}:{' '}
            {plain(formatSeconds(rpo.earlier.seconds))}, {plain(formatBytes(rpo.earlier.bytes))}.
          </p>
        ) : null}
      </CardBody>
      {rpo.tables.length ? (
        <Table label="Rows lost by table">
          <thead>
            <tr>
              <Th>Table</Th>
              <Th className="text-right">Inserted</Th>
              <Th className="text-right">Updated</Th>
              <Th className="text-right">Deleted</Th>
            </tr>
          </thead>
          <tbody>
            {rpo.tables.map((row) => (
              <Tr key={row.table}>
                <Td>
                  <code className="font-mono text-xs">{row.table}</code>
                </Td>
                <Td className="text-right">{row.inserted}</Td>
                <Td className="text-right">{row.updated}</Td>
                <Td className="text-right">{row.deleted}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      ) : null}
    </Card>
  )
}

'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { strandedRowsQuery } from '@/components/data/divergences'
import { Button } from '@/components/ui/button'
import { ProblemAlert } from '@/components/ui/problem-alert'
import { Skeleton } from '@/components/ui/skeleton'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import type { DivergenceTable } from '@/server/queries/dto/divergence'

/** The rows of one table as they were last, a page at a time; the key's columns stand first. */
export function StrandedRows({ id, table }: { id: string; table: DivergenceTable }) {
  const query = useInfiniteQuery(strandedRowsQuery(id, table.table))
  const rows = query.data?.pages.flatMap((page) => page.items) ?? []
  const merged = rows.some((each) => each.outcome !== null)
  const known = [...new Set(rows.flatMap((each) => Object.keys(each.row ?? {})))]
  const columns = [...table.key, ...known.filter((name) => !table.key.includes(name))]
  if (query.isPending) return <Skeleton className="m-4 h-40" />
  return (
    <>
      {query.isError ? <ProblemAlert error={query.error} onRetry={() => void query.refetch()} /> : null}
      <Table label={`Rows of ${table.table}`}>
        <thead>
          <tr>
            <Th>Change</Th>
            {merged ? <Th>Merge</Th> : null}
            {columns.map((name) => (
              <Th key={name}>{table.key.includes(name) ? `${name} (key)` : name}</Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ seq, op, row, outcome, note }) => (
            <Tr key={seq}>
              <Td>{op}</Td>
              {merged ? (
                <Td>
                  {outcome ?? 'not yet'}
                  {note ? <span className="block text-muted text-xs">{note}</span> : null}
                </Td>
              ) : null}
              {row ? (
                columns.map((name) => <Value key={name} value={row[name] ?? null} />)
              ) : (
                <Td colSpan={Math.max(1, columns.length)} className="text-muted">
                  could not be read
                </Td>
              )}
            </Tr>
          ))}
        </tbody>
      </Table>
      {query.hasNextPage ? (
        <div className="p-4">
          <Button size="sm" onClick={() => void query.fetchNextPage()} busy={query.isFetchingNextPage}>
            Show more rows
          </Button>
        </div>
      ) : null}
    </>
  )
}

/** The whole value is in the download; a cell shows as much as can be read at a glance. */
const shown = 120

function Value({ value }: { value: string | null }) {
  if (value === null) return <Td className="text-muted">not set</Td>
  return (
    <Td className="max-w-xs break-words font-mono text-xs">
      {value.length > shown ? `${value.slice(0, shown)}…` : value}
    </Td>
  )
}

'use client'
import Link from 'next/link'
import { useState } from 'react'
import { rowsFile } from '@/components/data/divergences'
import { count } from '@/components/format/number'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { When } from '@/components/ui/when'
import type { DivergenceTable, DivergenceView } from '@/server/queries/dto/divergence'
import { Decision } from './decision'
import { StrandedRows } from './stranded-rows'

function Merged({ merged }: { merged: NonNullable<DivergenceTable['merged']> }) {
  const { runId, inserted, identical, conflicting, refused } = merged
  return (
    <p>
      {conflicting + refused > 0 ? '▲' : '✓'}{' '}
      <Link className="underline underline-offset-4" href={`/runs/${runId}`}>
        The merge
      </Link>
      : {inserted} put in, {identical} were there already, {conflicting} conflict with what the primary has, {refused}{' '}
      not taken. Which is which stands with the rows, and in the downloads.
    </p>
  )
}

/** One table: what was counted, what was kept, what was decided, and the rows when they are asked for. */
export function TableCard({ divergence, table }: { divergence: DivergenceView; table: DivergenceTable }) {
  const [open, setOpen] = useState(false)
  const { id, can } = divergence
  const mayRead = can.readRows.allowed && table.kept > 0
  return (
    <Card title={table.table} aside={decisionWords(table)}>
      <div className="space-y-3 p-4 text-sm">
        <p>
          {count(table.inserted, 'insert')}, {count(table.updated, 'update')}, {count(table.deleted, 'delete')} in its
          WAL; {count(table.kept, 'row')} kept as they were last.
        </p>
        {notesOf(table).map((note) => (
          <p key={note} className="text-muted">
            ▲ {note}
          </p>
        ))}
        {table.merged ? <Merged merged={table.merged} /> : null}
        {table.decision ? (
          <p className="text-muted">
            {table.decision.by}, <When at={table.decision.at} />: {table.decision.reason}
          </p>
        ) : null}
        <div className="flex flex-wrap gap-2">
          <Decision divergence={divergence} table={table} />
          <Button size="sm" disabled={!mayRead} aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'Hide the rows' : 'Show the rows'}
          </Button>
          {mayRead ? (
            <>
              <Button asChild size="sm">
                <a href={rowsFile(id, table.table, 'csv')} download>
                  Download CSV
                </a>
              </Button>
              <Button asChild size="sm">
                <a href={rowsFile(id, table.table, 'ndjson')} download>
                  Download JSON lines
                </a>
              </Button>
            </>
          ) : null}
        </div>
        {can.readRows.reason ? <p className="text-muted text-xs">{can.readRows.reason}</p> : null}
      </div>
      {open && mayRead ? <StrandedRows id={id} table={table} /> : null}
    </Card>
  )
}

function decisionWords({ decision, merged }: DivergenceTable): string {
  if (!decision) return '? undecided'
  const words = { drop: '✓ dropped', keep: '‖ kept for later', merge: '↳ to be re-inserted' }
  return decision.decision === 'merge' && merged ? '✓ merged' : words[decision.decision]
}

function notesOf(table: DivergenceTable): string[] {
  const notes: string[] = []
  if (table.cut) notes.push('There are more rows than were kept: the old data directory is still beside the server.')
  if (table.unreadable > 0) notes.push(`${count(table.unreadable, 'row')} could not be read.`)
  if (table.deleted > 0) notes.push('Deleted rows are only counted: what they held is still on the writer.')
  return notes
}

'use client'
import Link from 'next/link'
import { useId, useState } from 'react'
import { Button } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy'
import { Td, Tr } from '@/components/ui/table'
import { When } from '@/components/ui/when'
import type { AuditEntryView } from '@/server/queries/dto/records'

const outcomeLooks: Record<string, { shape: string; ink: string }> = {
  ok: { shape: '✓', ink: 'text-ok' },
  allow: { shape: '✓', ink: 'text-ok' },
  deny: { shape: '▲', ink: 'text-degraded' },
  failed: { shape: '✖', ink: 'text-down' },
}

export function AuditRow({ entry }: { entry: AuditEntryView }) {
  const [open, setOpen] = useState(false)
  const detailId = useId()
  const look = outcomeLooks[entry.outcome] ?? { shape: '·', ink: 'text-muted' }
  return (
    <>
      <Tr>
        <Td className="text-right text-muted">{entry.seq}</Td>
        <Td>
          <When at={entry.at} />
        </Td>
        <Td>
          <span className="whitespace-nowrap">{entry.actor}</span>
          <span className="block text-muted text-xs">{entry.actorType}</span>
        </Td>
        <Td>
          <code className="whitespace-nowrap font-mono text-xs">{entry.action}</code>
        </Td>
        <Td className="min-w-52 max-w-80">
          <span className="break-words">{shortSubject(entry)}</span>
          {entry.runId ? (
            <Link href={`/runs/${entry.runId}`} className="block w-fit py-1 text-xs underline underline-offset-4">
              its run
            </Link>
          ) : null}
        </Td>
        <Td>
          <span className={`whitespace-nowrap font-medium ${look.ink}`}>
            <span aria-hidden className="font-mono">
              {look.shape}
            </span>{' '}
            {entry.outcome}
          </span>
        </Td>
        <Td className="text-right">
          <Button
            size="sm"
            variant="ghost"
            aria-expanded={open}
            aria-controls={detailId}
            onClick={() => setOpen(!open)}
          >
            {open ? 'Close' : 'Open'}
            <span className="sr-only"> entry {entry.seq}</span>
          </Button>
        </Td>
      </Tr>
      {open ? (
        <tr id={detailId}>
          <td colSpan={7} className="border-b bg-background px-4 py-3">
            <pre className="max-w-full overflow-x-auto whitespace-pre-wrap break-all font-mono text-xs">
              {JSON.stringify(entry.data, null, 2)}
            </pre>
            <dl className="mt-3 grid gap-x-4 gap-y-1 text-xs sm:grid-cols-[auto_1fr]">
              <Hash label="Hash of this entry" value={entry.hash} />
              <Hash label="Hash of the one before" value={entry.prevHash} />
            </dl>
          </td>
        </tr>
      ) : null}
    </>
  )
}

/** What the entry is about, without the run that stands linked beneath it. */
function shortSubject({ subject, runId }: AuditEntryView): string {
  const prefix = `run/${runId}`
  if (runId === null || !subject.startsWith(prefix)) return subject
  return subject.slice(prefix.length + 1) || 'the run'
}

function Hash({ label, value }: { label: string; value: string }) {
  return (
    <>
      <dt className="py-1 text-muted">{label}</dt>
      <dd className="flex items-center gap-1">
        <code className="break-all font-mono">{value || 'none: it is the first'}</code>
        {value ? <CopyButton text={value} label={`Copy: ${label}`} /> : null}
      </dd>
    </>
  )
}

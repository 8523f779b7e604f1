'use client'
import { Download } from 'lucide-react'
import { type FormEvent, useId } from 'react'
import type { AuditFilter } from '@/components/data/records'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input, NativeSelect } from '@/components/ui/input'

const outcomes = ['allow', 'deny', 'ok', 'failed']

/** Narrowed by what the reader types; the export takes the same filter, oldest first. */
export function AuditFilters({
  filter,
  apply,
  exportHref,
}: {
  filter: AuditFilter
  apply(filter: AuditFilter): void
  exportHref: string
}) {
  const titleId = useId()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name) ?? '').trim() || undefined
    apply({ action: text('action'), actor: text('actor'), outcome: text('outcome'), runId: text('runId') })
  }
  return (
    <form
      onSubmit={submit}
      onReset={() => apply({})}
      aria-labelledby={titleId}
      className="grid gap-3 rounded-lg border bg-surface p-4 sm:grid-cols-2 lg:grid-cols-[1fr_1fr_10rem_1fr_auto] lg:items-end"
    >
      <h2 id={titleId} className="sr-only">
        Filter
      </h2>
      <Field label="Action">
        <Input
          name="action"
          defaultValue={filter.action}
          placeholder="run.approve"
          autoCapitalize="none"
          spellCheck={false}
        />
      </Field>
      <Field label="Actor">
        <Input
          name="actor"
          defaultValue={filter.actor}
          placeholder="name@example.com"
          autoCapitalize="none"
          spellCheck={false}
        />
      </Field>
      <Field label="Outcome">
        <NativeSelect name="outcome" defaultValue={filter.outcome ?? ''}>
          <option value="">any</option>
          {outcomes.map((outcome) => (
            <option key={outcome}>{outcome}</option>
          ))}
        </NativeSelect>
      </Field>
      <Field label="Run">
        <Input
          name="runId"
          defaultValue={filter.runId}
          placeholder="id of a run"
          autoCapitalize="none"
          spellCheck={false}
        />
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary">
          Filter
        </Button>
        <Button type="reset">Clear</Button>
        <Button asChild>
          <a href={exportHref} download>
            <Download aria-hidden /> Export
          </a>
        </Button>
      </div>
    </form>
  )
}

import { CopyButton } from './copy'

/** A digest: its first eight characters, the whole of it on request. */
export function Digest({ value, label = 'Digest of the plan' }: { value: string; label?: string }) {
  return (
    <details className="group min-w-0 text-xs">
      <summary className="flex min-h-11 list-none items-center gap-1.5 text-muted md:min-h-7 [&::-webkit-details-marker]:hidden">
        <span aria-hidden className="transition-transform group-open:rotate-90">
          ▸
        </span>
        {label} <code className="font-mono text-foreground">{value.slice(0, 8)}…</code>
      </summary>
      <span className="flex items-center gap-1">
        <code className="break-all rounded bg-surface-2 px-2 py-1 font-mono leading-5">{value}</code>
        <CopyButton text={value} label={`Copy: ${label}`} />
      </span>
    </details>
  )
}

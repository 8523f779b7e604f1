'use client'
import { useQuery } from '@tanstack/react-query'
import { meQuery } from '@/components/data/records'
import type { PlanPreview } from '@/server/queries/dto/run'

type Props = {
  preview: PlanPreview
  /** Rules that break-glass may override, with what each then risks. */
  overridable: Readonly<Record<string, string>>
  chosen: readonly string[]
  choose(codes: string[]): void
}

/** Overrides by name each rule that it breaks, says what is risked, and tells everyone. Only shown where a rule stands in the way. */
export function BreakGlass({ preview, overridable, chosen, choose }: Props) {
  const me = useQuery(meQuery()).data
  const blocking = preview.plan.findings.filter(
    (finding) => finding.severity === 'blocker' && overridable[finding.code],
  )
  const codes = [...new Set([...chosen, ...blocking.map((finding) => finding.code)])]
  if (codes.length === 0) return null
  const entitled = me?.rights.includes('run.break-glass') ?? false
  return (
    <section aria-labelledby="break-glass" className="rounded-lg border-2 border-degraded bg-surface p-5">
      <h2 id="break-glass" className="font-semibold text-base">
        ▲ Break glass
      </h2>
      <p className="mt-1 max-w-prose text-sm">
        Overrides the rules below by name. It still needs its approval, a code of your second factor and a reason that
        can be judged. Everybody sees it on every page; it stops if its point of no return is not reached within its
        time box; someone else reviews it by the end of the next day.
      </p>
      <fieldset disabled={!entitled} className="mt-3 space-y-3 disabled:opacity-60">
        <legend className="sr-only">Rules to override</legend>
        {codes.map((code) => (
          <label key={code} className="flex min-h-11 items-start gap-3 text-sm">
            <input
              type="checkbox"
              className="mt-0.5 size-5 shrink-0 accent-(--accent)"
              checked={chosen.includes(code)}
              onChange={(event) =>
                choose(event.target.checked ? [...chosen, code] : chosen.filter((each) => each !== code))
              }
            />
            <span>
              Override <code className="font-mono">{code}</code>
              <span className="block text-muted">{overridable[code]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {entitled ? null : <p className="mt-3 font-medium text-sm">Only an admin may break glass on this service.</p>}
    </section>
  )
}

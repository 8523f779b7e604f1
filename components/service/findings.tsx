import Link from 'next/link'
import { cn } from '@/components/ui/cn'
import { Age } from '@/components/ui/when'
import type { Finding } from '@/server/domain/finding'
import { signalIds } from '@/server/domain/thresholds/table'

const looks: Record<Finding['severity'], { shape: string; word: string; ink: string }> = {
  blocker: { shape: '✖', word: 'blocks', ink: 'text-down' },
  warning: { shape: '▲', word: 'warns', ink: 'text-degraded' },
  info: { shape: 'i', word: 'note', ink: 'text-muted' },
}
const order: Finding['severity'][] = ['blocker', 'warning', 'info']

/** The page below the service that has what a finding rests on; null where the service's own page has it. */
function placeOf(code: string): { path: string; word: string } | null {
  const signal = signalIds.find((each) => code === `signal.${each}`)
  if (signal) return { path: `/thresholds#${signal}`, word: 'its limits' }
  if (code.startsWith('mode.') || code.startsWith('automatic.'))
    return { path: '/mode', word: 'what happens by itself' }
  return null
}

/** What is wrong, worst first: a sentence, what makes it go away, where a run would stop, and how old the fact is. */
export function Findings({
  findings,
  stepTitles,
  since,
  service,
}: {
  findings: readonly Finding[]
  stepTitles?: Readonly<Record<string, string>>
  /** Since when it has been found, by code. */
  since?: Readonly<Record<string, string>>
  /** Whose page has what puts it right; absent where the reader is there already. */
  service?: string
}) {
  const sorted = [...findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
  return (
    <ul className="divide-y">
      {sorted.map((finding) => {
        const look = looks[finding.severity]
        return (
          <li key={`${finding.code}${finding.message}`} className="flex gap-3 px-4 py-3">
            <span className={cn('w-16 shrink-0 whitespace-nowrap font-semibold text-xs leading-5', look.ink)}>
              <span aria-hidden className="mr-1.5 inline-block w-3 text-center font-mono">
                {look.shape}
              </span>
              {look.word}
            </span>
            <div className="min-w-0 flex-1 text-sm">
              <p className="font-medium">{finding.message}</p>
              <p className="text-muted">{finding.remedy}</p>
              <p className="mt-0.5 flex flex-wrap gap-x-3 text-muted text-xs">
                <code className="font-mono">{finding.code}</code>
                {finding.stepId ? <span>stops at: {stepTitles?.[finding.stepId] ?? finding.stepId}</span> : null}
                {since?.[finding.code] ? (
                  <span>
                    found since <Age at={since[finding.code] ?? null} />
                  </span>
                ) : null}
                {service ? <Place service={service} code={finding.code} /> : null}
                {finding.observedAt ? (
                  <span>
                    seen <Age at={finding.observedAt} />
                  </span>
                ) : (
                  <span>from the configuration</span>
                )}
              </p>
            </div>
          </li>
        )
      })}
    </ul>
  )
}

function Place({ service, code }: { service: string; code: string }) {
  const place = placeOf(code)
  if (!place) return null
  return (
    <Link href={`/services/${service}${place.path}`} className="underline underline-offset-4">
      {place.word}
    </Link>
  )
}

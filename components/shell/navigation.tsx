'use client'
import { useQuery } from '@tanstack/react-query'
import { BellRing, Gauge, History, ListChecks, ScrollText } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { alertsQuery } from '@/components/data/alerts'
import { runsQuery, waitingRuns } from '@/components/data/runs'
import { cn } from '@/components/ui/cn'

const places = [
  { href: '/', label: 'Overview', icon: Gauge, under: ['/services', '/incidents'] },
  { href: '/alerts', label: 'Alerts', icon: BellRing, under: [] },
  { href: '/approvals', label: 'Approvals', icon: ListChecks, under: [] },
  { href: '/runs', label: 'Runs', icon: History, under: [] },
  { href: '/audit', label: 'Audit', icon: ScrollText, under: [] },
]

/** Left on a wide screen, at the bottom of a phone, within reach of a thumb. */
export function Navigation() {
  const path = usePathname()
  const firing = useQuery(alertsQuery({})).data?.firing ?? 0
  const waiting = useQuery(runsQuery(waitingRuns)).data?.items.length ?? 0
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 border-t bg-surface pb-[env(safe-area-inset-bottom)] md:sticky md:top-13 md:h-[calc(100dvh-3.25rem)] md:w-48 md:shrink-0 md:border-t-0 md:border-r md:bg-transparent md:p-3"
    >
      <ul className="grid grid-cols-5 md:grid-cols-1 md:gap-1">
        {places.map(({ href, label, icon: Icon, under }) => {
          const here =
            href === '/' ? path === '/' || under.some((each) => path.startsWith(each)) : path.startsWith(href)
          return (
            <li key={href}>
              <Link
                href={href}
                aria-current={here ? 'page' : undefined}
                className={cn(
                  'flex min-h-14 flex-col items-center justify-center gap-0.5 px-2 font-medium text-muted text-xs md:min-h-9 md:flex-row md:justify-start md:gap-2.5 md:rounded-md md:px-3 md:text-sm',
                  here ? 'text-foreground md:bg-surface-2' : 'hover:bg-surface-2 hover:text-foreground',
                )}
              >
                <Icon className={cn('size-5 md:size-4', here && 'text-accent')} aria-hidden />
                <span className="flex items-center gap-1.5">
                  {label}
                  {href === '/alerts' && firing > 0 ? (
                    <span className="figures rounded-full bg-down px-1.5 font-semibold text-[0.6875rem] text-down-foreground leading-4">
                      {firing}
                      <span className="sr-only"> firing</span>
                    </span>
                  ) : null}
                  {href === '/approvals' && waiting > 0 ? (
                    <span className="figures rounded-full bg-accent px-1.5 font-semibold text-[0.6875rem] text-accent-foreground leading-4">
                      {waiting}
                      <span className="sr-only"> waiting</span>
                    </span>
                  ) : null}
                </span>
              </Link>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}

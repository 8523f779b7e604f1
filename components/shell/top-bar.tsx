import Link from 'next/link'
import { AccountMenu } from './account-menu'
import { ConnectionDot } from './connection-dot'
import { DataAsOf } from './data-as-of'
import { ThemeSwitch } from './theme-switch'
import { UtcClock } from './utc-clock'

/** Where one is, how current it is, what time it is, and who one is. */
export function TopBar({ environment }: { environment: string }) {
  return (
    <header className="sticky top-0 z-30 flex h-13 items-center gap-2 border-b bg-surface px-3 md:gap-4 md:px-4">
      <Link
        href="/"
        className="flex min-h-11 items-center gap-2 font-semibold text-base"
        aria-label="Lifeboat, overview"
      >
        <Mark />
        <span className="hidden sm:inline">Lifeboat</span>
      </Link>
      <span className="hidden max-w-40 truncate rounded border border-border-strong px-2 py-0.5 font-medium text-xs sm:inline">
        <span className="sr-only">Environment: </span>
        {environment}
      </span>
      <div className="ml-auto flex items-center gap-1 md:gap-3">
        <DataAsOf />
        <ConnectionDot />
        <UtcClock />
        <ThemeSwitch />
        <AccountMenu />
      </div>
    </header>
  )
}

export function Mark({ className = 'size-6' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden>
      <path d="M3 18h26l-3.6 7a3.2 3.2 0 0 1-2.9 1.800H9.500a3.200 3.200 0 0 1-2.900-1.800z" fill="var(--accent)" />
      <path d="M15.200 15.200V4.500l9.300 10.700z" fill="currentColor" />
      <path d="M13 15.200V8.500l-6 6.700z" fill="var(--muted)" />
    </svg>
  )
}

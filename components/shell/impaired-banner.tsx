'use client'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { healthQuery } from '@/components/data/health'
import { useLink } from '@/components/data/use-connection'
import { Alert } from '@/components/ui/alert'

const stillWorks: Record<string, string> = {
  database:
    'Nothing can be read anew, requested or approved until the control database is back. Runs wait and then resume; the protected service does not lean on it.',
  redis:
    'Pages, requests and approvals work. Workers find approved runs by looking, so a run may start some seconds later.',
  workers:
    'Nothing is being watched, and no run starts. Pages, requests and approvals work, and are carried out once a worker is back.',
}

/** Lifeboat itself in trouble: what fails, and what still works. Silent while all is well. */
export function ImpairedBanner() {
  const link = useLink()
  const health = useQuery(healthQuery()).data
  if (link === 'offline') {
    return (
      <Banner title="The console does not answer">
        What is shown is the last that was seen, and ages. The protected service does not lean on it, and a run that has
        started goes on in the workers. This page tries again by itself.
      </Banner>
    )
  }
  if (!health || (health.ready && health.failing.length === 0)) return null
  const names = health.failing.map((each) => each.name)
  return (
    <Banner title={`Lifeboat is impaired: ${names.join(', ') || 'not ready'}`} warning={health.ready}>
      {health.failing.map((each) => (
        <span key={each.name} className="block">
          <span className="font-medium">{each.name}</span>: {each.detail} {stillWorks[each.name] ?? ''}
        </span>
      ))}
    </Banner>
  )
}

function Banner({ title, warning = false, children }: { title: string; warning?: boolean; children: ReactNode }) {
  return (
    <div className="px-4 pt-3 md:px-6">
      <Alert tone={warning ? 'degraded' : 'down'} live="assertive" title={title}>
        {children}
      </Alert>
    </div>
  )
}

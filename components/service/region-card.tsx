import type { ReactNode } from 'react'
import { Badge } from '@/components/ui/badge'
import { cn } from '@/components/ui/cn'
import { HealthMark } from '@/components/ui/health'
import { stripeOf } from '@/components/ui/region'
import { Age } from '@/components/ui/when'
import type { RegionView } from '@/server/queries/dto/service'

/** One side: its role, whether it is reached, what runs there. The stripe is the region's on every page. */
export function RegionCard({ region, index }: { region: RegionView; index: number }) {
  const { workload, cache } = region
  return (
    <section aria-label={region.name} className="flex min-w-0 overflow-hidden rounded-lg border bg-surface">
      <div aria-hidden className={cn('w-1.5 shrink-0', stripeOf(index))} />
      <div className="min-w-0 flex-1">
        <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 pt-3">
          <h2 className="font-semibold text-lg">{region.name}</h2>
          <Badge>{region.role === 'unknown' ? 'role unknown' : region.role}</Badge>
          <HealthMark health={region.health} className="ml-auto" />
        </header>
        <p className="px-4 pt-1 pb-3 text-muted text-sm">{region.summary}</p>
        <dl className="grid grid-cols-2 gap-x-4 gap-y-3 border-t px-4 py-3 text-sm sm:grid-cols-4">
          <Fact label="Takes traffic">
            {region.receivesTraffic === null ? (
              <HealthMark health="unknown" word="unknown" />
            ) : region.receivesTraffic ? (
              'yes'
            ) : (
              'no'
            )}
          </Fact>
          <Fact label="Instances ready" age={workload.observedAt}>
            <span className="figures font-semibold">
              {workload.ready ?? '?'}/{workload.desired ?? '?'}
            </span>{' '}
            <span className="text-muted">of {workload.target}</span>{' '}
            <HealthMark health={workload.health} className="text-xs" />
          </Fact>
          <Fact label="Instances write to">
            <code className="break-all font-mono text-xs">{workload.writer ?? 'unknown'}</code>
          </Fact>
          <Fact label="Redis" age={cache.observedAt}>
            <HealthMark health={cache.health} />
          </Fact>
        </dl>
      </div>
    </section>
  )
}

function Fact({ label, age, children }: { label: string; age?: string | null; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-muted text-xs">{label}</dt>
      <dd>
        {children}
        {age === undefined ? null : (
          <span className="block text-muted text-xs">
            <Age at={age} />
          </span>
        )}
      </dd>
    </div>
  )
}

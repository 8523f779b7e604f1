import Link from 'next/link'
import { Button } from '@/components/ui/button'
import { RegionName, regionIndex } from '@/components/ui/region'
import type { ServiceView } from '@/server/queries/dto/service'

/** The dangerous verb stands alone, at the end, and only opens the wizard: nothing happens on this page. */
export function FailoverCard({ service }: { service: ServiceView }) {
  const from = service.regions.find((region) => region.id === service.writer.region)
  const to = service.regions.find((region) => region.id !== service.writer.region)
  const { allowed, reason } = service.can.requestRun
  const label = `Fail over to ${to?.name ?? 'the other region'}…`
  return (
    <section aria-labelledby="failover-title" className="rounded-lg border-2 border-down bg-surface p-5">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <div className="min-w-0 max-w-2xl">
          <h2 id="failover-title" className="font-semibold text-base">
            Fail over {service.name}
          </h2>
          <p className="mt-1 text-sm">
            {from && to ? (
              <>
                Moves the writer and all traffic from{' '}
                <RegionName name={from.name} index={regionIndex(service.regions, from.id)} /> to{' '}
                <RegionName name={to.name} index={regionIndex(service.regions, to.id)} />. The old primary is fenced
                first.
              </>
            ) : (
              'The writer is not known, so the direction is not either.'
            )}{' '}
            The next page shows the plan; nothing runs before someone else approves it.
          </p>
          {allowed ? null : (
            <p id="failover-reason" className="mt-2 font-medium text-sm">
              Not possible now: {reason ?? 'no reason was given'}
            </p>
          )}
        </div>
        {allowed ? (
          <Button asChild variant="danger-outline" size="lg" className="w-full whitespace-normal sm:w-auto">
            <Link href={`/services/${service.id}/failover`}>{label}</Link>
          </Button>
        ) : (
          <Button
            variant="danger-outline"
            size="lg"
            disabled
            aria-describedby="failover-reason"
            className="w-full whitespace-normal sm:w-auto"
          >
            {label}
          </Button>
        )}
      </div>
    </section>
  )
}

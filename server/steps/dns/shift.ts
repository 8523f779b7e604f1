import type { Finding } from '@/server/domain/finding'
import { Terminal } from '@/server/ports/errors'
import type { DnsRecord } from '@/server/ports/managed'
import { blocker } from '../blocker'
import { createMemory } from '../memory'
import { done, type StepContext, type StepResult, wait } from '../step'

/** What the steps that shift answers of a shared name have in common. */
export type Shift = { name: string; zoneId: string; region: string; gainingRegion: string; vantagePoints: string[] }

type Pending = { changeId: string; towards: string }
const pendingChange = createMemory<Pending>()

/** Traffic is only ever given to a region that every vantage point with a fresh word sees well; no fresh word is no yes. */
export async function gainingRegionFindings(context: StepContext, stepId: string, shift: Shift): Promise<Finding[]> {
  const nowMs = context.clock.now()
  const looks = await context.observations.latest('endpoint', shift.gainingRegion)
  const fresh = looks.filter(
    (each) => nowMs - Date.parse(each.observedAt) <= 2 * each.intervalMs && shift.vantagePoints.includes(each.vantage),
  )
  const failing = fresh.find((each) => !each.ok)
  if (failing) {
    const message = `${shift.gainingRegion} fails as seen from ${failing.vantage}: ${failing.failure ?? 'no reason given'}. It gets no more traffic.`
    return [blocker(stepId, 'evacuate.region-fails', message, `Make ${shift.gainingRegion} well first.`)]
  }
  if (fresh.length > 0) return []
  const message = `Whether ${shift.gainingRegion} is well is not known: nobody saw it lately. It gets no more traffic.`
  return [blocker(stepId, 'evacuate.region-unknown', message, 'Check that the workers run.')]
}

/** The records with these set identifiers, read through the API, which lists a change at once. @throws Terminal when one is gone */
export async function readSets(
  context: StepContext,
  { zoneId, name }: Pick<Shift, 'zoneId' | 'name'>,
  wanted: readonly string[],
): Promise<Record<string, DnsRecord>> {
  const records = await context.service.authority.listRecords(zoneId, name)
  return Object.fromEntries(
    wanted.map((setIdentifier) => {
      const record = records.find((each) => each.setIdentifier === setIdentifier && each.type === 'A')
      if (!record) throw new Terminal('route53', `${name} has no record ${setIdentifier} any more; nothing was changed`)
      return [setIdentifier, record]
    }),
  )
}

/** The plan was made of what was there: something else is somebody else's change, and is left alone. */
export function changedMeanwhile(stepId: string, name: string, seen: string): Finding {
  return blocker(
    stepId,
    'dns.changed-meanwhile',
    `The records of ${name} are neither as the plan found them nor as it leaves them: ${seen}.`,
    'See who changed them, and have a new plan built.',
  )
}

/**
 * Submits the change once, and waits until every name server has it. A worker that takes over submits the same again: it changes nothing, and gives
 * another change to wait for.
 */
export async function submitAndWait<O>(
  context: StepContext,
  { name, towards, submit }: { name: string; towards: string; submit(): Promise<{ changeId: string }> },
  output: (changeId: string) => O,
): Promise<StepResult<O>> {
  const known = pendingChange.get(context, name)
  const changeId = known?.towards === towards ? known.changeId : (await submit()).changeId
  pendingChange.set(context, name, { changeId, towards })
  if ((await context.service.authority.changeStatus(changeId)) === 'PENDING') {
    return wait(200, `Change ${changeId} of ${name} has not reached every name server yet`)
  }
  pendingChange.forget(context, name)
  return done(output(changeId))
}

import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53'
import { Terminal } from '@/server/ports/errors'

/**
 * The change batch after which `answers` is what the name answers. In a failover pair the values of PRIMARY and SECONDARY change places, each with its health
 * check, which belongs to the values and not to the place: a red check left at the PRIMARY would send everyone back. Already so: the same batch again, which
 * changes nothing and gives a change to wait for.
 */
export function changesToMakePrimary(sets: ResourceRecordSet[], name: string, answers: string[]): Change[] {
  const addresses = sets.filter((set) => set.Type === 'A')
  const primary = addresses.find((set) => set.Failover === 'PRIMARY')
  const secondary = addresses.find((set) => set.Failover === 'SECONDARY')
  if (primary && secondary) return pairChanges(primary, secondary, name, answers)
  const [only] = addresses
  if (addresses.length === 1 && only && !only.SetIdentifier && !only.AliasTarget) {
    return [upsert({ ...only, ResourceRecords: answers.map((Value) => ({ Value })) })]
  }
  throw new Terminal(
    'route53',
    `${name} is neither one plain A record nor a PRIMARY and SECONDARY pair; nothing was changed`,
  )
}

function pairChanges(
  primary: ResourceRecordSet,
  secondary: ResourceRecordSet,
  name: string,
  answers: string[],
): Change[] {
  if (hasValues(primary, answers)) return [upsert(primary), upsert(secondary)]
  if (!hasValues(secondary, answers)) {
    throw new Terminal('route53', `No record of ${name} answers ${answers.join(', ')}; nothing was changed`)
  }
  return [upsert(withPlaceOf(secondary, primary)), upsert(withPlaceOf(primary, secondary))]
}

function withPlaceOf(values: ResourceRecordSet, place: ResourceRecordSet): ResourceRecordSet {
  const { HealthCheckId: _checkOfPlace, ...rest } = place
  return {
    ...rest,
    TTL: values.TTL,
    ResourceRecords: values.ResourceRecords,
    ...(values.HealthCheckId && { HealthCheckId: values.HealthCheckId }),
  }
}

const upsert = (set: ResourceRecordSet): Change => ({ Action: 'UPSERT', ResourceRecordSet: set })

function hasValues(set: ResourceRecordSet, answers: string[]): boolean {
  const values = (set.ResourceRecords ?? []).map(({ Value }) => Value)
  return values.length === answers.length && answers.every((answer) => values.includes(answer))
}

/** Names with and without their final dot are the same name. */
export function sameName(a: string, b: string): boolean {
  return a.replace(/\.$/, '').toLowerCase() === b.replace(/\.$/, '').toLowerCase()
}

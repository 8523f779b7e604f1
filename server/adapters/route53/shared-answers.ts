import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53'
import { Terminal } from '@/server/ports/errors'
import type { RecordAnswer } from '@/server/ports/managed'
import { valuesOf } from './record'

/**
 * The change batch after which the record sets of a weighted name have these weights. Everything else of a set stays: its values, TTL and health check. Only sets that
 * differ are in it; when none does, they are all repeated, which changes nothing and gives a change to wait for.
 */
export function changesToWeights(
  sets: readonly ResourceRecordSet[],
  name: string,
  weights: Readonly<Record<string, number>>,
): Change[] {
  const wanted = Object.entries(weights).map(([setIdentifier, weight]) => {
    const set = findSet(sets, name, setIdentifier)
    if (set.Weight === undefined) throw refusal(name, `${setIdentifier} is not a weighted record`)
    return { set, next: { ...set, Weight: weight }, differs: Number(set.Weight) !== weight }
  })
  return changesOf(wanted)
}

/**
 * The change batch after which the record sets of a geolocation name answer these values, each with the health check that belongs to the values. Places, set
 * identifiers and TTLs stay.
 */
export function changesToAnswers(
  sets: readonly ResourceRecordSet[],
  name: string,
  answers: Readonly<Record<string, RecordAnswer>>,
): Change[] {
  const wanted = Object.entries(answers).map(([setIdentifier, { values, healthCheckId }]) => {
    const set = findSet(sets, name, setIdentifier)
    if (!set.GeoLocation) throw refusal(name, `${setIdentifier} is not a geolocation record`)
    const { HealthCheckId: _of, ...rest } = set
    const next: ResourceRecordSet = {
      ...rest,
      ResourceRecords: values.map((Value) => ({ Value })),
      ...(healthCheckId !== null && { HealthCheckId: healthCheckId }),
    }
    const same = [...valuesOf(set)].sort().join() === [...values].sort().join()
    return { set, next, differs: !same || (set.HealthCheckId ?? null) !== healthCheckId }
  })
  return changesOf(wanted)
}

type Wanted = { next: ResourceRecordSet; differs: boolean }

function changesOf(wanted: readonly Wanted[]): Change[] {
  const differing = wanted.filter((each) => each.differs)
  return (differing.length > 0 ? differing : wanted).map(({ next }) => ({ Action: 'UPSERT', ResourceRecordSet: next }))
}

function findSet(sets: readonly ResourceRecordSet[], name: string, setIdentifier: string): ResourceRecordSet {
  const set = sets.find((each) => each.Type === 'A' && each.SetIdentifier === setIdentifier)
  if (!set) throw refusal(name, `it has no record ${setIdentifier}`)
  // An UPSERT of an alias would have to repeat its target; Lifeboat never makes one.
  if (set.AliasTarget) throw refusal(name, `${setIdentifier} is an alias`)
  return set
}

function refusal(name: string, what: string): Terminal {
  return new Terminal('route53', `${name} cannot be turned: ${what}; nothing was changed`)
}

import type { Observation } from '@/server/domain/observation'

/** The observations of one kind and subject, typed by kind. */
export function ofKind<K extends Observation['kind']>(
  observations: readonly Observation[],
  kind: K,
  subject?: string,
): Observation<K>[] {
  return observations.filter(
    (each): each is Observation<K> => each.kind === kind && (subject === undefined || each.subject === subject),
  )
}

import type { V1Deployment } from '@kubernetes/client-node'
import type { Workload } from '@/server/ports/managed'
import { generationAnnotation } from './annotation'

type State = Omit<Awaited<ReturnType<Workload['observe']>>, 'observedAt'>

/**
 * What a Deployment says of itself. Settled needs the controller to have seen the newest specification (`observedGeneration`): until then its counts are of
 * the one before. `replicas` above `updatedReplicas` are instances of an older one that still run.
 */
export function readState(deployment: V1Deployment): State {
  const desired = deployment.spec?.replicas ?? 1
  const status = deployment.status ?? {}
  const ready = status.readyReplicas ?? 0
  const updated = status.updatedReplicas ?? 0
  const seen = (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  return {
    desired,
    ready,
    updated,
    settled: seen && updated === desired && ready === desired && (status.replicas ?? 0) === desired,
    environment: environmentOf(deployment),
    generation: generationOf(deployment),
  }
}

/** Plain values of the first container; those that come from secrets or fields are not ours to read. */
function environmentOf(deployment: V1Deployment): Record<string, string> {
  const variables = deployment.spec?.template.spec?.containers[0]?.env ?? []
  return Object.fromEntries(variables.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])))
}

function generationOf(deployment: V1Deployment): number | null {
  const text = deployment.metadata?.annotations?.[generationAnnotation]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null
}

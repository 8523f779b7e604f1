import type { Instance } from '@/lab/cluster/instance'
import type { Deployment } from '@/lab/cluster/kube'

/** An instance as Kubernetes describes a pod. */
export function podOf(instance: Instance, deployment: Deployment): Record<string, unknown> {
  const { name, hash, host } = instance.options
  const startedAt = new Date(instance.startedAt).toISOString()
  const isReady = instance.ready && !instance.stopping
  const container = deployment.spec.template.spec.containers[0]
  const env = Object.entries(instance.options.environment).map(([variable, value]) => ({ name: variable, value }))
  const since = instance.readySince ?? startedAt
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: deployment.metadata.namespace,
      creationTimestamp: startedAt,
      labels: { ...deployment.spec.template.metadata.labels, 'pod-template-hash': hash },
      ...(instance.stopping && { deletionTimestamp: new Date().toISOString() }),
    },
    spec: { containers: [{ ...container, env }] },
    status: {
      phase: instance.readySince !== null || isReady ? 'Running' : 'Pending',
      podIP: host,
      startTime: startedAt,
      conditions: [
        { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: since, message: instance.reason },
      ],
      containerStatuses: [
        { name: container?.name ?? '', ready: isReady, restartCount: instance.restarts, image: '', imageID: '' },
      ],
    },
  }
}

/** `a=b,c!=d,e`: equality selectors, all of which must hold. */
export function matchesSelector(labels: Record<string, string>, selector: string): boolean {
  return selector
    .split(',')
    .filter((term) => term.trim() !== '')
    .every((term) => {
      const [, key = '', operator, value = ''] = /^\s*([^=!\s]+)\s*(!=|==|=)?\s*(.*?)\s*$/.exec(term) ?? []
      if (operator === undefined) return key in labels
      return operator === '!=' ? labels[key] !== value : labels[key] === value
    })
}

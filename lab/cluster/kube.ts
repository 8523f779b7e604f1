import { z } from 'zod'

/** The Kubernetes objects that one deployment needs. What is not named here is kept as it was sent. */
const text = z.record(z.string(), z.string())

const container = z.looseObject({
  name: z.string().min(1),
  env: z.array(z.looseObject({ name: z.string().min(1), value: z.string().default('') })).default([]),
  ports: z.array(z.looseObject({ containerPort: z.int() })).default([]),
})

const countOrPercent = z.union([z.int().min(0), z.string().regex(/^\d{1,3}%$/)])

export const deploymentSpec = z.looseObject({
  replicas: z.int().min(0).max(32, 'the cluster can number 32 instances').default(1),
  strategy: z
    .looseObject({
      type: z.literal('RollingUpdate').default('RollingUpdate'),
      rollingUpdate: z
        .looseObject({ maxSurge: countOrPercent.default('25%'), maxUnavailable: countOrPercent.default('25%') })
        .prefault({}),
    })
    .prefault({}),
  template: z.looseObject({
    metadata: z.looseObject({ labels: text.optional(), annotations: text.optional() }).default({}),
    spec: z.looseObject({ containers: z.array(container).length(1, 'exactly one container') }),
  }),
})
export type DeploymentSpec = z.infer<typeof deploymentSpec>

export const deploymentMetadata = z.looseObject({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.int(),
  creationTimestamp: z.string(),
  labels: text.optional(),
  annotations: text.optional(),
})
export type DeploymentMetadata = z.infer<typeof deploymentMetadata>

export type Condition = {
  type: string
  status: 'True' | 'False'
  reason: string
  message: string
  lastUpdateTime: string
  lastTransitionTime: string
}

export type DeploymentStatus = {
  observedGeneration: number
  replicas: number
  updatedReplicas: number
  readyReplicas: number
  availableReplicas: number
  unavailableReplicas: number
  conditions: Condition[]
}

export type Deployment = {
  apiVersion: 'apps/v1'
  kind: 'Deployment'
  metadata: DeploymentMetadata
  spec: DeploymentSpec
  status: DeploymentStatus
}

/** A refusal as Kubernetes words it. */
export class KubeError extends Error {
  constructor(
    readonly code: number,
    readonly reason:
      | 'NotFound'
      | 'Conflict'
      | 'Invalid'
      | 'BadRequest'
      | 'Unauthorized'
      | 'MethodNotAllowed'
      | 'UnsupportedMediaType',
    message: string,
  ) {
    super(message)
    this.name = 'KubeError'
  }

  get status(): Record<string, unknown> {
    const { code, reason, message } = this
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
  }
}

/** A whole number, or a share of the replicas: surges are rounded up, absences down. */
export function countOf(value: number | string, replicas: number, round: (share: number) => number): number {
  return typeof value === 'number' ? value : round((replicas * Number.parseInt(value, 10)) / 100)
}

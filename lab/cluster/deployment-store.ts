import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { ClusterConfig } from '@/lab/cluster/config'
import {
  type Deployment,
  type DeploymentSpec,
  type DeploymentStatus,
  deploymentMetadata,
  deploymentSpec,
  KubeError,
} from '@/lab/cluster/kube'
import { isRecord } from '@/lab/http-service'
import { writeFileAtomic } from '@/lab/service-process'
import { canonicalJson, digestOf } from '@/server/domain/json'

const saved = z.object({ metadata: deploymentMetadata, spec: deploymentSpec })

const emptyStatus: DeploymentStatus = {
  observedGeneration: 0,
  replicas: 0,
  updatedReplicas: 0,
  readyReplicas: 0,
  availableReplicas: 0,
  unavailableReplicas: 0,
  conditions: [],
}

/** The one deployment: what is wanted (kept on disk) and what is so (told by the controller). */
export class DeploymentStore {
  private current: Deployment
  private turn: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly stateFile: string,
    initial: Deployment,
    private readonly wantedChanged: () => void,
  ) {
    this.current = initial
  }

  get deployment(): Deployment {
    return this.current
  }

  /**
   * Replaces the object by what `change` makes of it. Changes run one after the other, each is on disk before it is answered.
   * A change that carries a resource version must be made to the newest one.
   * @throws KubeError Conflict, Invalid
   */
  async update(change: (current: Deployment) => unknown, expectedVersion?: string): Promise<Deployment> {
    const mine = this.turn.then(() => this.apply(change, expectedVersion))
    this.turn = mine.catch(() => undefined)
    return mine
  }

  /** To be called once before serving: versions after a restart start above all that were given out before it. */
  async open(): Promise<void> {
    await this.save(this.current)
  }

  /** Not kept on disk: after a restart the controller finds out again. */
  setStatus(status: DeploymentStatus): void {
    if (canonicalJson(status) === canonicalJson(this.current.status)) return
    this.current = { ...this.current, status, metadata: this.nextVersion() }
  }

  private async apply(
    change: (current: Deployment) => unknown,
    expectedVersion: string | undefined,
  ): Promise<Deployment> {
    const { name, namespace, resourceVersion, generation, uid, creationTimestamp } = this.current.metadata
    if (expectedVersion !== undefined && expectedVersion !== resourceVersion) {
      const told = 'the object has been modified; please apply your changes to the latest version and try again'
      throw new KubeError(409, 'Conflict', `Operation cannot be fulfilled on deployments.apps "${name}": ${told}`)
    }
    const wanted = change(this.current)
    if (!isRecord(wanted)) throw new KubeError(400, 'BadRequest', 'a deployment is an object')
    const spec = deploymentSpec.safeParse(wanted.spec)
    if (!spec.success) {
      throw new KubeError(422, 'Invalid', `Deployment.apps "${name}" is invalid: ${z.prettifyError(spec.error)}`)
    }
    const specChanged = canonicalJson(spec.data) !== canonicalJson(this.current.spec)
    const metadata = deploymentMetadata.safeParse({
      ...(isRecord(wanted.metadata) ? wanted.metadata : {}),
      ...{ name, namespace, uid, creationTimestamp, resourceVersion, generation: generation + (specChanged ? 1 : 0) },
    })
    if (!metadata.success)
      throw new KubeError(422, 'Invalid', `metadata is invalid: ${z.prettifyError(metadata.error)}`)
    const unchanged = !specChanged && canonicalJson(metadata.data) === canonicalJson(this.current.metadata)
    if (unchanged) return this.current
    await this.save({ ...this.current, metadata: metadata.data, spec: spec.data })
    // The status may have moved on while the file was written; it is the newer one that stays.
    this.current = {
      ...this.current,
      spec: spec.data,
      metadata: { ...metadata.data, resourceVersion: this.nextVersion().resourceVersion },
    }
    const answer = this.current
    if (specChanged) this.wantedChanged()
    return answer
  }

  private nextVersion() {
    const { metadata } = this.current
    return { ...metadata, resourceVersion: String(Number(metadata.resourceVersion) + 1) }
  }

  /** A gap in versions is harmless, a version used twice is not: the kept one is far ahead of those that are given out. */
  private async save(deployment: Deployment): Promise<void> {
    const { metadata, spec } = deployment
    const resourceVersion = String(Number(this.current.metadata.resourceVersion) + 1_000_000)
    await writeFileAtomic(this.stateFile, JSON.stringify({ metadata: { ...metadata, resourceVersion }, spec }))
  }
}

/** From the state file, or, when there is none, as configured. */
export function initialDeployment(config: ClusterConfig): Deployment {
  const base = { apiVersion: 'apps/v1', kind: 'Deployment', status: emptyStatus } as const
  let text: string
  try {
    text = readFileSync(config.stateFile, 'utf8')
  } catch {
    const { name } = config.deployment
    const labels = { app: name }
    const metadata = {
      name,
      namespace: config.namespace,
      uid: randomUUID(),
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: new Date().toISOString(),
      labels,
    }
    return { ...base, metadata, spec: specOf(config.deployment, labels) }
  }
  return { ...base, ...saved.parse(JSON.parse(text)) }
}

function specOf(deployment: ClusterConfig['deployment'], labels: Record<string, string>): DeploymentSpec {
  const { name, replicas, environment, containerPort, maxSurge, maxUnavailable } = deployment
  return deploymentSpec.parse({
    replicas,
    selector: { matchLabels: labels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name,
            image: 'lifeboat/shortener',
            env: Object.entries(environment).map(([variable, value]) => ({ name: variable, value })),
            ports: [{ containerPort }],
            readinessProbe: { httpGet: { path: '/health', port: containerPort } },
          },
        ],
      },
    },
  })
}

/** Instances of the same template carry the same hash. */
export function templateHash(spec: DeploymentSpec): string {
  return digestOf(spec.template).slice(0, 10)
}

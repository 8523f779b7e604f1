import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { BackendsFile } from '@/lab/cluster/backends'
import type { ClusterConfig } from '@/lab/cluster/config'
import { type DeploymentStore, templateHash } from '@/lab/cluster/deployment-store'
import { Instance } from '@/lab/cluster/instance'
import { type Condition, countOf, type Deployment, type DeploymentStatus } from '@/lab/cluster/kube'
import { nextMove } from '@/lab/cluster/rollout'
import { writeFileAtomic } from '@/lab/service-process'

/** Instance numbers are part of link ids, which have 5 bits for them. */
const numbers = 32

/** Makes what is so into what is wanted: starts, rolls and stops instances, and tells the endpoint which are ready. */
export class Controller {
  private readonly instances = new Set<Instance>()
  private writing: Promise<void> = Promise.resolve()
  private lastBackends = ''
  private closed = false

  constructor(
    private readonly config: ClusterConfig,
    private readonly store: DeploymentStore,
    private readonly logger: Logger,
  ) {}

  /** All instances, stopping ones too. */
  list(): Instance[] {
    return [...this.instances].toSorted((a, b) => a.options.index - b.options.index)
  }

  /** One look at the difference, and one move. Each move's outcome leads to the next look. */
  reconcile(): void {
    if (this.closed) return
    const { spec, metadata } = this.store.deployment
    const hash = templateHash(spec)
    const { maxSurge, maxUnavailable } = spec.strategy.rollingUpdate
    const active = this.list().filter((one) => !one.stopping)
    const move = nextMove(
      active.map((one) => ({
        id: one.options.name,
        isCurrent: one.options.hash === hash,
        isReady: one.ready,
        startedAt: one.startedAt,
      })),
      {
        replicas: spec.replicas,
        maxSurge: countOf(maxSurge, spec.replicas, Math.ceil),
        maxUnavailable: countOf(maxUnavailable, spec.replicas, Math.floor),
      },
    )
    for (let count = 0; count < move.start; count += 1) this.start(hash)
    for (const one of active.filter((candidate) => move.stop.includes(candidate.options.name))) this.stop(one)
    this.store.setStatus(statusOf(this.store.deployment, this.list(), hash, metadata.generation))
    this.writeBackends(spec.replicas)
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.instances].map((one) => one.stop()))
    await this.writing
  }

  private start(hash: string): void {
    const { podNetwork, readiness, terminationGraceMs, instanceScript } = this.config
    const used = new Set([...this.instances].map((one) => one.options.index))
    const capacity = Math.min(numbers, podNetwork.last - podNetwork.first + 1)
    const index = Array.from({ length: capacity }, (_, candidate) => candidate).find(
      (candidate) => !used.has(candidate),
    )
    const { spec, metadata } = this.store.deployment
    const container = spec.template.spec.containers[0]
    // All numbers taken by instances that are ending: the next look comes when one has ended.
    if (index === undefined || !container) return
    const instance = new Instance(
      {
        name: `${metadata.name}-${hash}-${randomBytes(3).toString('hex').slice(0, 5)}`,
        index,
        host: `${podNetwork.prefix}.${podNetwork.first + index}`,
        port: container.ports[0]?.containerPort ?? this.config.deployment.containerPort,
        hash,
        script: instanceScript,
        environment: Object.fromEntries(container.env.map((variable) => [variable.name, variable.value])),
        readiness,
        terminationGraceMs,
      },
      () => this.onChange(instance),
    )
    this.instances.add(instance)
    this.logger.info({ instance: instance.options.name, host: instance.options.host }, 'started')
  }

  private stop(instance: Instance): void {
    this.logger.info({ instance: instance.options.name }, 'stopping')
    void instance.stop().then(() => {
      this.instances.delete(instance)
      this.reconcile()
    })
  }

  private onChange(instance: Instance): void {
    const { ready, reason, stopping, options } = instance
    if (!stopping) this.logger.info({ instance: options.name, ready, reason }, ready ? 'ready' : 'not ready')
    // After the turn in which it changed: a start or stop may be what changed it.
    queueMicrotask(() => this.reconcile())
  }

  private writeBackends(desired: number): void {
    const backends = this.list()
      .filter((one) => one.ready && !one.stopping)
      .map(({ options }) => ({ host: options.host, port: options.port, name: options.name }))
    const content = JSON.stringify({ backends, desired })
    if (content === this.lastBackends) return
    this.lastBackends = content
    const file: BackendsFile = { backends, desired, updatedAt: new Date().toISOString() }
    this.writing = this.writing.then(() =>
      writeFileAtomic(this.config.backendsFile, JSON.stringify(file)).catch((error: unknown) =>
        this.logger.error({ reason: String(error) }, 'the backends file could not be written'),
      ),
    )
  }
}

function statusOf(deployment: Deployment, instances: Instance[], hash: string, generation: number): DeploymentStatus {
  const active = instances.filter((one) => !one.stopping)
  const current = active.filter((one) => one.options.hash === hash)
  const ready = active.filter((one) => one.ready).length
  const { replicas } = deployment.spec
  const least = replicas - countOf(deployment.spec.strategy.rollingUpdate.maxUnavailable, replicas, Math.floor)
  const complete = current.length === replicas && active.length === replicas && current.every((one) => one.ready)
  const condition = (type: string, isTrue: boolean, reason: string, message: string): Condition => {
    const status = isTrue ? 'True' : 'False'
    const before = deployment.status.conditions.find((one) => one.type === type)
    const now = new Date().toISOString()
    if (before?.status === status && before.reason === reason) return before
    return {
      type,
      status,
      reason,
      message,
      lastUpdateTime: now,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
    }
  }
  return {
    observedGeneration: generation,
    replicas: active.length,
    updatedReplicas: current.length,
    readyReplicas: ready,
    availableReplicas: ready,
    unavailableReplicas: Math.max(0, Math.max(active.length, replicas) - ready),
    conditions: [
      ready >= least
        ? condition('Available', true, 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
        : condition('Available', false, 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'),
      complete
        ? condition(
            'Progressing',
            true,
            'NewReplicaSetAvailable',
            'All instances are of the newest template and ready.',
          )
        : condition('Progressing', true, 'ReplicaSetUpdated', 'Instances are being brought to the newest template.'),
    ],
  }
}

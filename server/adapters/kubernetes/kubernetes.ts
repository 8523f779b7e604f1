import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import {
  ApiException,
  AppsV1Api,
  createConfiguration,
  PatchStrategy,
  ServerConfiguration,
  setHeaderOptions,
  type V1Deployment,
} from '@kubernetes/client-node'
import { type PortError, StaleGeneration, Terminal, Transient } from '@/server/ports/errors'
import type { Workload } from '@/server/ports/managed'
import { withDeadline } from '../deadline'
import { fromStatus, toPortError } from '../errors'
import type { Names } from '../names'
import { generationAnnotation } from './annotation'
import { readState } from './deployment-state'

export type KubernetesOptions = {
  region: string
  apiUrl: string
  token: () => string
  namespace: string
  deployment: string
  names: Names
}

const callTimeoutMs = 5_000
/** Controllers write to the object all the time; five lost races in a row are not chance. */
const maxConflicts = 5

type Change = { environment?: Record<string, string>; replicas?: number }

/** One Deployment: its first container's variables, its replicas, and the run's generation as an annotation on it. */
export function createKubernetesWorkload(options: KubernetesOptions): Workload & { close(): void } {
  const system = `cluster ${options.region}`
  const { api, close } = createApi(options)
  const which = { name: options.deployment, namespace: options.namespace }
  const call = <T>(work: () => Promise<T>): Promise<T> =>
    withDeadline(system, callTimeoutMs, work, (error) => toKubernetesError(system, error))
  const read = () => call(() => api.readNamespacedDeployment(which))

  const change = async (wanted: Change, generation: number): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const deployment = await read()
      const state = readState(deployment)
      if (state.generation !== null && state.generation > generation)
        throw new StaleGeneration(system, state.generation)
      if (state.generation === generation && isAlready(state, wanted)) return
      const body = patchFor(system, deployment, wanted, generation)
      try {
        await call(() => api.patchNamespacedDeployment({ ...which, body }, strategicMerge))
        return
      } catch (error) {
        if (!(error instanceof Conflict) || attempt === maxConflicts) throw error
      }
    }
  }

  return {
    observe: async () => ({ ...readState(await read()), observedAt: new Date().toISOString() }),
    configure: (environment, generation) => change({ environment }, generation),
    scale: (replicas, generation) => change({ replicas }, generation),
    close,
  }
}

const strategicMerge = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch)

/** The resource version makes it a conditional write: between our look at the generation and our write nobody else has written. */
function patchFor(system: string, deployment: V1Deployment, wanted: Change, generation: number): object {
  const container = deployment.spec?.template.spec?.containers[0]
  if (!container) throw new Terminal(system, `The deployment in ${system} has no container`)
  const env = Object.entries(wanted.environment ?? {}).map(([name, value]) => ({ name, value }))
  return {
    metadata: {
      resourceVersion: deployment.metadata?.resourceVersion,
      annotations: { [generationAnnotation]: String(generation) },
    },
    spec: {
      ...(wanted.replicas !== undefined && { replicas: wanted.replicas }),
      ...(env.length > 0 && { template: { spec: { containers: [{ name: container.name, env }] } } }),
    },
  }
}

function isAlready(state: ReturnType<typeof readState>, wanted: Change): boolean {
  const sameReplicas = wanted.replicas === undefined || state.desired === wanted.replicas
  return (
    sameReplicas && Object.entries(wanted.environment ?? {}).every(([name, value]) => state.environment[name] === value)
  )
}

/** A client with its own agents, so that names go by our hosts file, and without a kubeconfig, which could name commands to run. */
function createApi(options: KubernetesOptions): { api: AppsV1Api; close(): void } {
  const secure = options.apiUrl.startsWith('https:')
  const agentOptions = { lookup: options.names.socketLookup, timeout: callTimeoutMs }
  const agent = secure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions)
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(options.apiUrl.replace(/\/$/, ''), {}),
    authMethods: {
      default: {
        getName: () => 'lifeboat',
        applySecurityAuthentication: (context) => {
          context.setHeaderParam('Authorization', `Bearer ${options.token()}`)
          context.setAgent(agent)
          context.setSignal(AbortSignal.timeout(callTimeoutMs))
        },
      },
    },
  })
  return { api: new AppsV1Api(configuration), close: () => agent.destroy() }
}

class Conflict extends Transient {}

function toKubernetesError(system: string, error: unknown): PortError {
  if (error instanceof ApiException) {
    const message = messageOf(error.body)
    if (error.code === 409) return new Conflict(system, `${system} answered 409: ${message}`, { cause: error })
    return fromStatus(system, error.code, message)
  }
  return toPortError(system, error)
}

function messageOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message)
  return String(body).slice(0, 300)
}

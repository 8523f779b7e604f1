import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Controller } from '@/lab/cluster/controller'
import type { DeploymentStore } from '@/lab/cluster/deployment-store'
import { type Deployment, KubeError } from '@/lab/cluster/kube'
import { jsonPatch, mergePatch, strategicMerge } from '@/lab/cluster/patch'
import { matchesSelector, podOf } from '@/lab/cluster/pods'
import { hasBearer, isRecord, parseJson, readBody, sendJson } from '@/lab/http-service'

const largestBodyBytes = 1_000_000

type Call = { method: string; path: string; query: URLSearchParams; contentType: string; body: unknown }
type Cluster = { store: DeploymentStore; controller: Controller; token: string }
type Patch = (target: unknown, patch: unknown) => unknown

const patches: Record<string, Patch> = {
  'application/merge-patch+json': mergePatch,
  'application/strategic-merge-patch+json': (target, patch) => strategicMerge(target, patch),
  'application/json-patch+json': jsonPatch,
}

/** The part of the Kubernetes API that one deployment needs, over plain HTTP with a bearer token. */
export function clusterServer(cluster: Cluster, logger: Logger): Server {
  return createServer((request, response) => {
    void handle(cluster, request, response).catch((error: unknown) => {
      if (error instanceof KubeError) return sendJson(response, error.code, error.status)
      logger.error({ reason: String(error), url: request.url }, 'an API call failed')
      sendJson(response, 500, {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        message: 'internal error',
        code: 500,
      })
    })
  })
}

async function handle(cluster: Cluster, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://cluster')
  if (url.pathname === '/readyz' || url.pathname === '/livez') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok')
    return
  }
  if (!hasBearer(request, cluster.token)) throw new KubeError(401, 'Unauthorized', 'Unauthorized')
  const body = await readBody(request, largestBodyBytes)
  if (body === null) throw new KubeError(400, 'BadRequest', 'the body is too large')
  const answer = await route(cluster, {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    contentType: (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
    body: body.length === 0 ? undefined : parseJson(body.toString('utf8')),
  })
  sendJson(response, 200, answer)
}

async function route(cluster: Cluster, call: Call): Promise<unknown> {
  const { deployment } = cluster.store
  const { namespace, name } = deployment.metadata
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`
  if (call.path === '/version') return { major: '1', minor: '31', gitVersion: 'v1.31.0-lab' }
  if (call.path === `${deployments}/${name}`) return oneDeployment(cluster, call)
  if (call.path === `${deployments}/${name}/scale`) return scale(cluster, call)
  const readOnly = call.method === 'GET'
  if (call.path === deployments || call.path === '/apis/apps/v1/deployments') {
    if (!readOnly) throw notAllowed(call)
    return list('apps/v1', 'DeploymentList', deployment, selected(call, [deployment], deployment.metadata.labels ?? {}))
  }
  if (call.path === `/api/v1/namespaces/${namespace}/pods`) {
    if (!readOnly) throw notAllowed(call)
    const pods = cluster.controller.list().map((instance) => podOf(instance, deployment))
    return list('v1', 'PodList', deployment, selected(call, pods, deployment.spec.template.metadata.labels ?? {}))
  }
  const asked = call.path.split('/').at(-1) ?? ''
  throw new KubeError(404, 'NotFound', `the lab's cluster has no "${asked}" at ${call.path}`)
}

function notAllowed(call: Call): KubeError {
  return new KubeError(405, 'MethodNotAllowed', `${call.method} is not supported at ${call.path}`)
}

/** All items of the lab carry the same labels, so a selector takes all or none. */
function selected<T>(call: Call, items: T[], labels: Record<string, string>): T[] {
  if (call.query.get('watch') === 'true')
    throw new KubeError(400, 'BadRequest', "the lab's cluster cannot be watched; poll it")
  return matchesSelector(labels, call.query.get('labelSelector') ?? '') ? items : []
}

function list(apiVersion: string, kind: string, deployment: Deployment, items: unknown[]): Record<string, unknown> {
  return { apiVersion, kind, metadata: { resourceVersion: deployment.metadata.resourceVersion }, items }
}

/** The version that a client says it has seen; absent or empty: any. */
function versionIn(body: unknown): string | undefined {
  const version = isRecord(body) && isRecord(body.metadata) ? body.metadata.resourceVersion : undefined
  return typeof version === 'string' && version !== '' ? version : undefined
}

function patchOf(call: Call): (target: unknown) => unknown {
  const patch = patches[call.contentType]
  if (!patch)
    throw new KubeError(
      415,
      'UnsupportedMediaType',
      `${call.contentType} is none of ${Object.keys(patches).join(', ')}`,
    )
  if (call.body === undefined) throw new KubeError(400, 'BadRequest', 'the body is not JSON')
  return (target) => patch(target, call.body)
}

async function oneDeployment({ store }: Cluster, call: Call): Promise<Deployment> {
  if (call.method === 'GET') return store.deployment
  if (call.method === 'PATCH') return store.update(patchOf(call), versionIn(call.body))
  if (call.method !== 'PUT') throw notAllowed(call)
  const { body } = call
  if (!isRecord(body)) throw new KubeError(400, 'BadRequest', 'the body is not a deployment')
  return store.update(() => body, versionIn(body))
}

function scaleOf({ metadata, spec, status }: Deployment): Record<string, unknown> {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas },
    status: { replicas: status.replicas, selector: `app=${name}` },
  }
}

async function scale({ store }: Cluster, call: Call): Promise<Record<string, unknown>> {
  if (call.method === 'GET') return scaleOf(store.deployment)
  if (call.method !== 'PATCH' && call.method !== 'PUT') throw notAllowed(call)
  const change = call.method === 'PATCH' ? patchOf(call) : () => call.body
  const updated = await store.update((current) => {
    const wanted = change(scaleOf(current))
    const replicas = isRecord(wanted) && isRecord(wanted.spec) ? wanted.spec.replicas : undefined
    return { ...current, spec: { ...current.spec, replicas } }
  }, versionIn(call.body))
  return scaleOf(updated)
}

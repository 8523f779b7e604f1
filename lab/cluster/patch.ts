import { KubeError } from '@/lab/cluster/kube'
import { isRecord } from '@/lab/http-service'

type Json = Record<string, unknown>

/** JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Json = isRecord(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

/** What identifies the entries of the lists that Kubernetes merges entry by entry. */
const mergeKeys: Record<string, string> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort',
  conditions: 'type',
}

/** Strategic merge patch: as merge patch, but known lists are merged by key, and `$patch` may delete or replace. */
export function strategicMerge(target: unknown, patch: unknown, listName = ''): unknown {
  if (Array.isArray(patch)) return mergeList(target, patch, mergeKeys[listName])
  if (!isRecord(patch)) return patch
  const { $patch: directive, ...rest } = patch
  if (directive === 'replace') return rest
  const result: Json = isRecord(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith('$')) continue
    if (value === null) delete result[key]
    else result[key] = strategicMerge(result[key], value, key)
  }
  return result
}

function mergeList(target: unknown, patch: unknown[], mergeKey: string | undefined): unknown[] {
  if (mergeKey === undefined) return patch
  const entries = patch.filter(isRecord)
  if (entries.some((entry) => entry.$patch === 'replace')) return entries.filter((entry) => entry.$patch !== 'replace')
  let result: unknown[] = Array.isArray(target) ? [...target] : []
  for (const entry of entries) {
    const key = entry[mergeKey]
    if (key === undefined) throw new KubeError(400, 'BadRequest', `an entry of the patch has no merge key ${mergeKey}`)
    const at = result.findIndex((existing) => isRecord(existing) && existing[mergeKey] === key)
    if (entry.$patch === 'delete') result = result.filter((_, index) => index !== at)
    else if (at < 0) result.push(strategicMerge({}, entry))
    else result[at] = strategicMerge(result[at], entry)
  }
  return result
}

/** JSON patch (RFC 6902) without `move` and `copy`. @throws KubeError when a path does not exist or a test fails */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw new KubeError(400, 'BadRequest', 'a JSON patch is a list of operations')
  return operations.reduce<unknown>((document, operation) => {
    if (!isRecord(operation) || typeof operation.path !== 'string')
      throw new KubeError(400, 'BadRequest', 'an operation has no path')
    const path = operation.path
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    return applyAt(document, path, operation.op, operation.value)
  }, target)
}

function applyAt(target: unknown, path: string[], operation: unknown, value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) {
    if (operation === 'test' && JSON.stringify(target) !== JSON.stringify(value)) {
      throw new KubeError(422, 'Invalid', 'the test of the patch failed')
    }
    return operation === 'test' ? target : value
  }
  const isLeaf = rest.length === 0 && operation !== 'test'
  if (Array.isArray(target)) {
    const index = key === '-' ? target.length : Number(key)
    if (!Number.isInteger(index) || index < 0 || index > target.length) throw missing(key)
    if (isLeaf && operation === 'add') return target.toSpliced(index, 0, value)
    if (index >= target.length) throw missing(key)
    if (isLeaf && operation === 'remove') return target.toSpliced(index, 1)
    return target.with(index, applyAt(target[index], rest, operation, value))
  }
  if (!isRecord(target)) throw missing(key)
  if (isLeaf && operation === 'add') return { ...target, [key]: value }
  if (!(key in target)) throw missing(key)
  if (isLeaf && operation === 'remove')
    return Object.fromEntries(Object.entries(target).filter(([name]) => name !== key))
  return { ...target, [key]: applyAt(target[key], rest, operation, value) }
}

function missing(key: string): KubeError {
  return new KubeError(422, 'Invalid', `the patch names ${key}, which does not exist`)
}

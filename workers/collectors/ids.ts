import { readIds } from '@/server/domain/ids'
import type { IdsConfig } from '@/server/domain/shared-names'
import { PortError } from '@/server/ports/errors'
import type { PostgresServer } from '@/server/ports/managed'
import { type AnyLook, defineLook } from './look'
import type { WatchTarget } from './watch-target'

/** Which ids exist changes slowly, and reading them costs the primary a query. */
const intervalMs = 60_000
const timeoutMs = 20_000

/**
 * How the regions number their ids, and what the newest ids in the data say. The subject is the service. A cluster that cannot be asked leaves its number unknown; without the
 * data nothing is known, and the look has failed.
 */
export function idsLooks(target: WatchTarget): AnyLook[] {
  const { ids, id } = target.service.config
  if (!ids) return []
  const ask = async () => {
    const [datacenters, rows] = await Promise.all([readNumbers(target, ids), readSample(target, ids)])
    return { ok: true, failure: null, facts: { datacenters, ...readIds(ids, rows) } }
  }
  const unanswered = () => null
  return [defineLook(id, target.vantage, { kind: 'ids', subject: id, intervalMs, timeoutMs, ask, unanswered })]
}

function readNumbers({ service, managed }: WatchTarget, { datacenterEnv }: IdsConfig) {
  return Promise.all(
    service.config.regions.map(async ({ id }) => {
      try {
        const { environment } = await managed.workload(id).observe()
        return { region: id, told: environment[datacenterEnv] ?? null }
      } catch (error) {
        if (!(error instanceof PortError)) throw error
        return { region: id, told: null }
      }
    }),
  )
}

async function readSample({ service, managed }: WatchTarget, { query, limit }: IdsConfig) {
  const servers = service.config.regions.flatMap((region) => region.servers)
  const primaries = await Promise.all(servers.map(({ id }) => isPrimary(managed.postgres(id))))
  const primary = servers.find((_server, index) => primaries[index])
  if (!primary) throw new Error('No primary answers, so no ids could be read')
  return managed.postgres(primary.id).readPairs(query, limit)
}

async function isPrimary(server: PostgresServer): Promise<boolean> {
  try {
    return !(await server.identify()).inRecovery
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    return false
  }
}

import { type ServiceConfig, serviceConfig } from '@/server/domain/service-config'
import type { Tx } from '../tx'

export type ServiceRecord = {
  id: string
  config: ServiceConfig
  configDigest: string
  configVersion: number
  /** null until a primary was first seen. */
  writer: {
    serverId: string
    region: string
    timeline: number
    systemIdentifier: string
    generation: number
  } | null
}

/** A service's configuration and writer; null when there is none. */
export async function findService(tx: Pick<Tx, 'service'>, id: string): Promise<ServiceRecord | null> {
  const row = await tx.service.findUnique({ where: { id } })
  if (!row) return null
  const { writerServerId, writerRegion, writerTimeline, writerSystemIdentifier } = row
  const known =
    writerServerId !== null && writerRegion !== null && writerTimeline !== null && writerSystemIdentifier !== null
  return {
    id: row.id,
    config: serviceConfig.parse(row.config),
    configDigest: row.configDigest,
    configVersion: row.configVersion,
    writer: known
      ? {
          serverId: writerServerId,
          region: writerRegion,
          timeline: writerTimeline,
          systemIdentifier: writerSystemIdentifier,
          generation: Number(row.writerGeneration),
        }
      : null,
  }
}

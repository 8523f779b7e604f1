import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentObservation } from '@/server/domain/agent-protocol'
import type { AgentConfig } from './config'
import { type FileOwner, isMissing } from './durable-file'
import { runTool } from './tools'
import { normaliseLsn } from './wal-position'

export interface ControlFile {
  systemIdentifier: string
  control: NonNullable<AgentObservation['control']>
  /** Timeline of the minimum recovery point: ahead of the checkpoint's right after a promotion. */
  recoveryTimeline: number
  segmentBytes: bigint
}

/** Reads what `pg_controldata` prints; null when a line is missing. */
export function parseControlData(text: string): ControlFile | null {
  const field = (label: string) => new RegExp(`^${label}:\\s*(.+?)\\s*$`, 'm').exec(text)?.[1]
  const systemIdentifier = field('Database system identifier')
  const state = field('Database cluster state')
  const checkpoint = field('Latest checkpoint location')
  const redo = field("Latest checkpoint's REDO location")
  const timeline = field("Latest checkpoint's TimeLineID")
  if (!systemIdentifier || !state || !checkpoint || !redo || !timeline) return null
  return {
    systemIdentifier,
    control: {
      state,
      checkpointLsn: normaliseLsn(checkpoint),
      redoLsn: normaliseLsn(redo),
      timeline: Number(timeline),
    },
    recoveryTimeline: Number(field("Min recovery ending loc's timeline") ?? 0),
    segmentBytes: BigInt(field('Bytes per WAL segment') ?? 16_777_216),
  }
}

/** Reads the control file, running or stopped; asks the tool again only when the file has changed. */
export class ControlFileReader {
  private cached: { key: string; value: ControlFile | null } | null = null

  constructor(
    private readonly config: AgentConfig,
    private readonly owner: FileOwner | undefined,
  ) {}

  /** Null when there is no data directory yet. */
  async read(): Promise<ControlFile | null> {
    const key = await this.fileKey()
    if (key === null) return null
    if (this.cached?.key === key) return this.cached.value
    const { dataDirectory } = this.config.postgres
    const result = await runTool(this.config, this.owner, 'pg_controldata', ['-D', dataDirectory], 2_000)
    const value = result.ok ? parseControlData(result.stdout) : null
    if (value) this.cached = { key, value }
    return value
  }

  private async fileKey(): Promise<string | null> {
    try {
      const file = await stat(join(this.config.postgres.dataDirectory, 'global', 'pg_control'), { bigint: true })
      return `${file.ino}:${file.mtimeNs}`
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }
}

import { z } from 'zod'
import type { AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { failed, refused } from '../agent-error'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'
import { monotonicMs } from '../poll'
import { withSession } from '../session'
import { normaliseLsn } from '../wal-position'

/** What was changed during a checkpoint of this length is worth a second one, which is short. */
const longMs = 500

const rows = z.tuple([z.object({ checkpoint: z.string(), marker: z.string() })])

/** The guards, under the lock that all operations share; the checkpoint itself must not keep a fence waiting. */
export async function admitCheckpoint(host: Host, request: AgentRequest<'checkpoint'>): Promise<void> {
  refuseStale(host, request.generation)
  await host.expectSystem(request.expectSystemIdentifier)
  if ((await host.inRecovery()) !== false) throw refused('this server is not a running primary; no checkpoint was made')
  await recordGeneration(host, request.generation)
}

export async function checkpoint(host: Host, request: AgentRequest<'checkpoint'>): Promise<AgentResult<'checkpoint'>> {
  try {
    return await withSession(host.superuser('postgres'), request.deadlineMs, async (client) => {
      const begun = monotonicMs()
      await client.query('checkpoint')
      if (monotonicMs() - begun > longMs) await client.query('checkpoint')
      const found = await client.query(
        `select checkpoint_lsn::text as checkpoint, pg_create_restore_point($1)::text as marker from pg_control_checkpoint()`,
        [request.marker],
      )
      const [row] = rows.parse(found.rows)
      return { checkpointLsn: normaliseLsn(row.checkpoint), markerLsn: normaliseLsn(row.marker) }
    })
  } catch (error) {
    throw failed(
      'the checkpoint was not done in time, or the server went away meanwhile; it can be asked for again',
      error,
    )
  }
}

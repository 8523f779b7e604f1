import { killBelow } from '@/lab/processes'
import { eventually } from '@/lab/testing'
import { type BarePair, connect, withBarePair } from './bare-pair'
import { type Summary, summarise } from './stats'
import { Writers } from './writers'

/**
 * The bare floor of a failover: nothing but PostgreSQL. Every process of the primary is killed, `pg_promote()` is called on the standby in a session that is already
 * open, and a new session writes. No detection, no fence, no approval, no journal. Seconds from the kill to the first acknowledged write.
 */
export async function measureFloor(runs: number): Promise<Summary> {
  const seconds: number[] = []
  for (let run = 0; run < runs; run += 1) seconds.push(await withBarePair(oneFailover))
  return summarise(seconds)
}

async function oneFailover({ primary, standby, primaryData }: BarePair): Promise<number> {
  const before = await connect(primary)
  await before.query('CREATE TABLE floor (id int)')
  const control = await connect(standby)
  await eventually('the standby to follow', async () => {
    const { rows } = await control.query<{ here: string | null }>(`SELECT to_regclass('floor')::text AS here`)
    return rows[0]?.here
  })
  const begun = performance.now()
  await killBelow([primaryData])
  await control.query('SELECT pg_promote(true, 60)')
  const writer = await connect(standby)
  await writer.query('INSERT INTO floor VALUES (1)')
  const took = (performance.now() - begun) / 1000
  await Promise.allSettled([before.end(), control.end(), writer.end()])
  return took
}

/**
 * The bare floor of a switchover, under the same writers: a checkpoint, a fast stop, the standby seen past the shutdown checkpoint, `pg_promote()`. By hand, with
 * nothing proved or written down. Seconds that the writer who waited longest could not write.
 */
export async function measureSwitchoverFloor(runs: number): Promise<Summary> {
  const seconds: number[] = []
  for (let run = 0; run < runs; run += 1) seconds.push(await withBarePair(oneSwitchover))
  return summarise(seconds)
}

async function oneSwitchover(pair: BarePair): Promise<number> {
  const control = await connect(pair.standby)
  const writers = await Writers.start([pair.primary, pair.standby], pair.primary)
  try {
    await writers.settled()
    const admin = await connect(pair.primary)
    await admin.query('CHECKPOINT')
    const from = writers.mark()
    await pair.run('pg_ctl', ['-D', pair.primaryData, '-m', 'fast', '-w', 'stop'])
    const stoppedAt = shutdownCheckpoint(await pair.run('pg_controldata', ['-D', pair.primaryData]))
    await eventually('the standby to have everything', async () => {
      const { rows } = await control.query<{ done: boolean }>('SELECT pg_last_wal_replay_lsn() > $1::pg_lsn AS done', [
        stoppedAt,
      ])
      return rows[0]?.done
    })
    await control.query('SELECT pg_promote(true, 60)')
    await writers.settled()
    return writers.longestWaitSince(from)
  } finally {
    await writers.stop()
    await control.end().catch(() => undefined)
  }
}

function shutdownCheckpoint(controlData: string): string {
  const found = /Latest checkpoint location:\s+([0-9A-F]+\/[0-9A-F]+)/.exec(controlData)?.[1]
  if (!found) throw new Error('pg_controldata told no checkpoint')
  return found
}

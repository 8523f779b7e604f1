import type { Tx } from '../tx'

/** The control database's own time: what expires, expires by this clock and by no process's. */
export async function databaseNow(tx: Pick<Tx, '$queryRaw'>): Promise<Date> {
  const rows = await tx.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`
  const now = rows[0]?.now
  if (!now) throw new Error('The control database told no time')
  return now
}

import { hostId } from '@/lab/config/names'
import { eventually } from '@/lab/testing'
import { type Arena, vantages } from './arena'
import type { FaultCase } from './case'
import { approve, type Ground, groundOf, requestRun, serverOf, untilEnd } from './drive'

/** The ways in which a region can be lost, each followed by an approved failover. */
type Outage = { id: string; begin(arena: Arena, ground: Ground): Promise<unknown> }

const outages: Outage[] = [
  { id: 'region killed', begin: (arena, { from }) => arena.lab.kill(from) },
  { id: 'region frozen whole', begin: (arena, { from }) => arena.lab.freeze(from) },
  {
    id: 'database grey-frozen with open sessions, instances dead',
    begin: async (arena, { from }) => {
      await arena.lab.freeze(hostId(from, 'db'), { grey: true })
      await arena.lab.kill(hostId(from, 'app'))
      const frozenAt = performance.now()
      await eventually(
        'an open session to go on writing on the frozen server',
        () => (arena.oracle.lastWriteOf(serverOf(from)) ?? 0) > frozenAt + 200,
        10_000,
      )
    },
  },
  {
    id: 'database alive, instances dead',
    begin: (arena, { from }) => arena.lab.kill(hostId(from, 'app')),
  },
  {
    id: 'region cut off from everybody but its own users',
    begin: (arena, { from, to }) => arena.lab.cut(from, [...vantages, to]),
  },
  {
    id: 'requests reach the region, answers do not',
    begin: (arena, { from, to }) => arena.lab.cut(from, [...vantages, to], 'out'),
  },
  {
    id: 'replication cut first, then the region killed',
    begin: async (arena, { from, to }) => {
      await arena.lab.cut(from, [to])
      await eventually('writes that the other region never gets', async () => {
        const [row] = await arena.ask<{ count: number }>(
          from,
          "SELECT count(*)::int FROM oracle.ack WHERE at > now() - interval '1 second'",
        )
        return (row?.count ?? 0) > 10
      })
      await arena.lab.kill(from)
    },
  },
  {
    id: 'database host killed, the rest alive',
    begin: async (arena, { from }) => {
      await arena.lab.kill(hostId(from, 'db'))
    },
  },
]

export function outageCases(): FaultCase[] {
  return outages.map(({ id, begin }) => ({
    id: `failover · ${id}`,
    kind: 'failover',
    family: 'outage',
    fault: id,
    moment: 'from the start',
    body: async (arena) => {
      const ground = await groundOf(arena)
      await begin(arena, ground)
      const run = await requestRun(arena, 'failover')
      const yes = await approve(arena, run)
      if (yes.status >= 300) throw new Error(`approval refused: ${JSON.stringify(yes.body)}`)
      const end = await untilEnd(arena, run.id)
      if (end.state !== 'succeeded') throw new Error(`ended ${end.state}: ${end.reason}`)
      return { end: end.state, promoted: true }
    },
  }))
}

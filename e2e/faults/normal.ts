import { z } from 'zod'
import { hostName, ports, type Region, regions } from '@/lab/addressing'
import { databaseId, otherRegion, slotName } from '@/lab/config/names'
import { allViewersOf } from '@/lab/lab'
import { eventually } from '@/lab/testing'
import { type Arena, vantages } from './arena'

/** Everything of the lab whole again: what a case did is lifted, both regions are powered, the writer writes, and the other region follows it. */
export async function liftEverything(arena: Arena): Promise<void> {
  const { lab } = arena
  for (const vantage of vantages) arena.point(vantage)
  for (const name of ['worker-a', 'worker-b', 'console', 'control-redis']) arena.signal(name, 'SIGCONT')
  arena.freezeControlDatabase('SIGCONT')
  arena.stopWorkers()
  for (const region of regions) {
    await lab.client.setLinks(region, allViewersOf(region), 'open')
    await lab.thaw(region)
    await lab.restore(region)
  }
}

const readiness = z.object({
  writer: z.object({ region: z.string().nullable(), primariesSeen: z.number().nullable() }),
  readiness: z.object({ status: z.string(), sentence: z.string() }),
  replication: z.object({ state: z.string() }),
})

/**
 * Brings the lab back to two regions in health, whoever writes now. The region that was left is made a standby again by its agent, past Lifeboat: the product's own
 * way back is a case of its own.
 * @returns how: `as it was`, `rewound` or `copied`
 */
export async function backToNormal(arena: Arena): Promise<'as it was' | 'rewound' | 'copied'> {
  await liftEverything(arena)
  const { region } = await arena.writer()
  await eventually(
    `${databaseId(region)} to take writes`,
    async () => (await observe(arena, region))?.acceptsWrites === true,
    45_000,
  )
  const how = await rejoin(arena, otherRegion(region), region)
  const { generation } = await arena.writer()
  await arena.pointWorkload(otherRegion(region), region, generation)
  await eventually(
    'the service to be ready',
    async () => {
      const seen = await arena.read(readiness, '/api/v1/services/shortener')
      return seen?.readiness.status === 'ready' && seen.writer.region === region && seen.writer.primariesSeen === 1
    },
    60_000,
  )
  return how
}

const observe = (arena: Arena, region: Region) => arena.lab.client.observe(region).catch(() => null)

async function rejoin(arena: Arena, standby: Region, primary: Region): Promise<'as it was' | 'rewound' | 'copied'> {
  const seen = await eventually(`the agent of ${databaseId(standby)}`, () => observe(arena, standby), 45_000)
  const streams = async () => {
    const now = await observe(arena, standby)
    return (
      now?.role === 'standby' &&
      now.receiver?.status === 'streaming' &&
      now.follows?.host === hostName(primary, 'database')
    )
  }
  const mine = seen.follows?.host === hostName(primary, 'database') && seen.fence === null
  if (mine && (await eventually('it streams', streams, 4_000).catch(() => false))) return 'as it was'
  const { generation } = await arena.writer()
  const fenced = { generation, runId: `reset-${Date.now()}` }
  const upstream = { host: hostName(primary, 'database'), port: ports.postgres, slot: slotName(standby) }
  await arena.agent(standby, 'stop', { ...fenced, deadlineMs: 10_000 })
  const rewound = await arena.agent(standby, 'rewind', { ...fenced, ...upstream, deadlineMs: 30_000 })
  if (rewound.status === 200 && (await eventually('it streams', streams, 10_000).catch(() => false))) return 'rewound'
  const copied = await arena.agent(
    standby,
    'baseCopy',
    { ...fenced, ...upstream, runId: `${fenced.runId}-copy`, deadlineMs: 60_000 },
    70_000,
  )
  if (copied.status !== 200)
    throw new Error(`${databaseId(standby)} could not be made a standby: ${JSON.stringify(copied.body)}`)
  await eventually(`${databaseId(standby)} to stream`, streams, 30_000)
  return 'copied'
}

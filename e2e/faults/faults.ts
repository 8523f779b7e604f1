import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { hostAddress, hostName, ports, type Region, viewAddress } from '@/lab/addressing'
import { hostId } from '@/lab/config/names'
import { processesBelow, signal } from '@/lab/processes'
import { type Arena, vantages } from './arena'
import type { Ground, Kind } from './drive'
import { LosesAnswer } from './lost-answer'

/**
 * What can go wrong while a run is under way, by family of the research's matrix. `inject` is called at the moment; what it resolves to is called when the fault is to be
 * over: after the run has ended, or when it waits for a person. A short fault ends by itself inside `inject`.
 */
export type Lift = (() => Promise<void> | void) | undefined
export type FaultContext = { arena: Arena; ground: Ground; runId: string }
export type Fault = {
  id: string
  family: string
  /** Before the run is asked for, so that what is to happen at one call is in place. */
  early?: boolean
  /** Kinds of runs that it means something for; all of them when not given. */
  kinds?: readonly Kind[]
  inject(context: FaultContext): Promise<Lift>
  /** Ends that are right besides `succeeded` and a pause, which has to succeed once the fault is gone. */
  mayEnd?: readonly string[]
  /** The fault has to have happened: the number of answers lost, for example. */
  happened?(): boolean
}

const controlRedis = (arena: Arena): Redis =>
  new Redis({
    host: hostAddress(arena.lab.settings.net, 'outside', 'outside'),
    port: ports.redis,
    password: arena.lab.secret('control-redis-password'),
  })

async function leader({ arena, runId }: FaultContext): Promise<'worker-a' | 'worker-b'> {
  return (await arena.journal(runId))?.leader === 'worker-b' ? 'worker-b' : 'worker-a'
}

/** Longer than a lease, so that another worker has led in between. */
const pastLeaseMs = 5_500

/** Ends at which nothing was promoted and everything taken back. */
const takenBack = ['compensated', 'failed'] as const

const controlPlane: Fault[] = [
  {
    id: 'leading worker killed',
    family: 'worker',
    inject: async (context) => void context.arena.signal(await leader(context), 'SIGKILL'),
  },
  {
    id: 'both workers killed',
    family: 'worker',
    inject: async ({ arena }) => {
      arena.signal('worker-a', 'SIGKILL')
      arena.signal('worker-b', 'SIGKILL')
      return undefined
    },
  },
  {
    id: 'leading worker frozen past its lease, then awake',
    family: 'zombie',
    inject: async (context) => {
      const zombie = await leader(context)
      context.arena.signal(zombie, 'SIGSTOP')
      await pause(pastLeaseMs)
      context.arena.signal(zombie, 'SIGCONT')
      return undefined
    },
  },
  {
    id: 'two more workers, one with the name of the leader',
    family: 'duplicates',
    inject: async (context) => {
      const name = await leader(context)
      context.arena.startWorker('twin', name === 'worker-a' ? 'a' : 'b', { workerId: name })
      context.arena.startWorker('worker-c', 'b')
      return () => context.arena.stopWorkers()
    },
  },
  {
    id: 'Redis flushed',
    family: 'redis',
    inject: async ({ arena }) => {
      const redis = controlRedis(arena)
      await redis.flushall()
      redis.disconnect()
      return undefined
    },
  },
  { id: 'Redis killed', family: 'redis', inject: async ({ arena }) => void arena.signal('control-redis', 'SIGKILL') },
  {
    id: 'Redis frozen for 5 s',
    family: 'redis',
    inject: async ({ arena }) => {
      arena.signal('control-redis', 'SIGSTOP')
      await pause(5_000)
      arena.signal('control-redis', 'SIGCONT')
      return undefined
    },
  },
  {
    id: 'control database killed',
    family: 'control database',
    mayEnd: takenBack,
    inject: async ({ arena }) => void arena.signal('control-postgres', 'SIGKILL'),
  },
  {
    id: 'control database restarted',
    family: 'control database',
    mayEnd: takenBack,
    inject: async ({ arena }) => void arena.signal('control-postgres', 'SIGINT'),
  },
  {
    id: 'control database silent for 10 s',
    family: 'control database',
    mayEnd: takenBack,
    inject: async ({ arena }) => {
      arena.freezeControlDatabase('SIGSTOP')
      await pause(10_000)
      arena.freezeControlDatabase('SIGCONT')
      return undefined
    },
  },
  { id: 'console killed', family: 'console', inject: async ({ arena }) => void arena.signal('console', 'SIGKILL') },
  ...[3_600_000, -3_600_000].map((clockMs) => ({
    id: `taken over by a worker whose clock is ${clockMs > 0 ? 'an hour ahead' : 'an hour behind'}`,
    family: 'clock',
    // What it sees carries its own time: the run may be found unable to go on, but nothing unsafe may come of it.
    mayEnd: takenBack,
    inject: async ({ arena }: FaultContext) => {
      arena.startWorker('worker-shifted', 'a', { clockMs })
      await pause(2_000)
      arena.signal('worker-a', 'SIGSTOP')
      arena.signal('worker-b', 'SIGSTOP')
      await pause(pastLeaseMs + 4_000)
      return () => {
        arena.stopWorkers()
        arena.signal('worker-a', 'SIGCONT')
        arena.signal('worker-b', 'SIGCONT')
      }
    },
  })),
]

const links: Fault[] = [
  {
    id: 'slow links from the workers to the region that takes over',
    family: 'network',
    inject: async ({ arena, ground }) => {
      await arena.lab.slow(ground.to, [...vantages], 150)
      return () => arena.lab.heal(ground.to).then(() => undefined)
    },
  },
  {
    id: 'region that takes over cut off from the workers for 3 s',
    family: 'network',
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => {
      await arena.lab.cut(ground.to, [...vantages])
      await pause(3_000)
      await arena.lab.heal(ground.to)
      return undefined
    },
  },
  {
    id: 'answers of the region that takes over lost for 2 s, requests arrive',
    family: 'network',
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => {
      await arena.lab.cut(ground.to, [...vantages], 'out')
      await pause(2_000)
      await arena.lab.heal(ground.to)
      return undefined
    },
  },
  {
    id: 'region that takes over cut off from one vantage point',
    family: 'network',
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => {
      await arena.lab.cut(ground.to, ['vantage-a'])
      return () => arena.lab.heal(ground.to).then(() => undefined)
    },
  },
  {
    id: 'regions cut off from each other',
    family: 'network',
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => {
      await arena.lab.cut(ground.from, [ground.to])
      return () => arena.lab.heal(ground.from).then(() => undefined)
    },
  },
]

const killIn = (
  arena: Arena,
  region: Region,
  kind: 'db' | 'app' | 'cache' | 'store',
  pick: (program: string) => boolean,
) => {
  for (const each of processesBelow([arena.lab.paths.machine(hostId(region, kind))]))
    if (pick(each.program)) signal(each, 'SIGKILL')
}

const servers: Fault[] = [
  {
    id: 'agent of the candidate killed',
    family: 'agent',
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => void killIn(arena, ground.to, 'db', (program) => program !== 'postgres'),
  },
  {
    id: 'PostgreSQL of the candidate killed',
    family: 'postgres',
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => void killIn(arena, ground.to, 'db', (program) => program === 'postgres'),
  },
  {
    id: 'candidate frozen for 3 s',
    family: 'frozen',
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => {
      await arena.lab.freeze(hostId(ground.to, 'db'))
      await pause(3_000)
      await arena.lab.thaw(hostId(ground.to, 'db'))
      return undefined
    },
  },
  {
    id: 'candidate grey-frozen for 3 s',
    family: 'frozen',
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => {
      await arena.lab.freeze(hostId(ground.to, 'db'), { grey: true })
      await pause(3_000)
      await arena.lab.thaw(hostId(ground.to, 'db'))
      return undefined
    },
  },
  ...(['app', 'cache', 'store'] as const).map((kind) => ({
    id: `${kind} host of the region that takes over without power for 3 s`,
    family: 'half-dead region',
    mayEnd: takenBack,
    inject: async ({ arena, ground }: FaultContext) => {
      await arena.lab.kill(hostId(ground.to, kind))
      await pause(3_000)
      await arena.lab.restore(hostId(ground.to, kind))
      return undefined
    },
  })),
  {
    id: 'old primary powered on again by somebody',
    family: 'old primary returns',
    kinds: ['failover'],
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => void (await arena.lab.restore(ground.from)),
  },
  {
    id: 'slots dropped on whoever runs',
    family: 'topology',
    mayEnd: takenBack,
    inject: async ({ arena, ground }) => {
      for (const region of [ground.from, ground.to]) {
        await arena
          .ask(region, 'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active')
          .catch(() => undefined)
      }
      return undefined
    },
  },
  {
    id: 'addresses of both databases swapped for the workers',
    family: 'topology',
    mayEnd: takenBack,
    inject: async ({ arena }) => {
      const [east, west] = [hostName('us-east', 'database'), hostName('us-west', 'database')]
      for (const vantage of vantages) {
        arena.point(vantage, (hosts) => ({ ...hosts, [east]: hosts[west] ?? '', [west]: hosts[east] ?? '' }))
      }
      await pause(3_000)
      return () => {
        for (const vantage of vantages) arena.point(vantage)
      }
    },
  },
]

/** A call to a host of the region that takes over, whose answer is lost once it was done. */
function losesAnswerOf(
  what: string,
  role: 'database' | 'cluster' | 'store',
  port: number,
  marker: RegExp,
  times = 1,
): Fault {
  let opened: LosesAnswer[] = []
  return {
    id: `done, but the answer was lost: ${what}`,
    family: 'lost answer',
    early: true,
    mayEnd: takenBack,
    happened: () => opened.some((each) => each.lost > 0),
    inject: async ({ arena, ground }) => {
      const { net } = arena.lab.settings
      opened = []
      for (const [index, vantage] of vantages.entries()) {
        const listen = `127.${net}.${200 + index}.${20 + (role === 'database' ? 1 : role === 'cluster' ? 2 : 3)}`
        const target = viewAddress(net, vantage, ground.to, role)
        const link = new LosesAnswer({ host: listen, port }, { host: target, port }, marker, times)
        await link.open()
        opened.push(link)
        if (role === 'database') {
          const plain = new LosesAnswer(
            { host: listen, port: ports.postgres },
            { host: target, port: ports.postgres },
            /$^/,
          )
          await plain.open()
          opened.push(plain)
        }
        arena.point(vantage, (hosts) => ({ ...hosts, [hostName(ground.to, role)]: listen }))
      }
      return () => {
        for (const vantage of vantages) arena.point(vantage)
        for (const each of opened) each.close()
      }
    },
  }
}

export const lostAnswers: Fault[] = [
  losesAnswerOf('promotion by the agent', 'database', ports.agent, /POST \/v1\/promote/),
  losesAnswerOf('three promotions by the agent', 'database', ports.agent, /POST \/v1\/promote/, 3),
  losesAnswerOf('a change of the workload', 'cluster', ports.cluster, /^PATCH /),
  losesAnswerOf('the traffic switch', 'store', ports.store, /^PUT \/lifeboat\//),
  losesAnswerOf('every look of the agent, five times', 'database', ports.agent, /POST \/v1\/observe/, 5),
]

export const momentFaults: readonly Fault[] = [...controlPlane, ...links, ...servers]

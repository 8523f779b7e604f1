import { z } from 'zod'
import { isStale } from '@/server/domain/observation'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import { createMemory } from '../memory'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'
import { isHeldDown, observeIfReachable } from './observe-if-reachable'
import { detachStandby, type Followed, followAgain, isDetached, whatItFollowed } from './standby-links'

const id = 'agent.await-self-fence'
const output = z.object({
  /** `time`: its own time is over · `stopped`: its agent answered, and said so. */
  by: z.enum(['time', 'stopped']),
  standbyServerIds: z.array(z.string()),
  detached: z.array(z.object({ serverId: z.string(), host: z.string(), port: z.int(), slot: z.string() })),
  /** From here the old primary could see neither the control plane nor a standby. */
  blindSince: z.string(),
  dueAt: z.string(),
  endedAt: z.string(),
})
type Input = z.infer<(typeof failoverInputs)[typeof id]>

const namesOf = (standbys: Input['standbys']): string => standbys.map((each) => each.serverId).join(', ')

/** Clocks of two machines drift, and a server needs a moment to stop. */
const marginMs = 2_000
const blindSince = createMemory<number>()

/** When any worker last had an answer from the old primary's agent: until then it may have been seeing us. */
async function lastHeard(context: StepContext, { serverId, lastHeardAt }: Input): Promise<number> {
  const observations = await context.observations.latest('agent', serverId)
  const answered = observations.filter(({ ok }) => ok).map(({ observedAt }) => Date.parse(observedAt))
  return Math.max(0, ...answered, lastHeardAt === null ? 0 : Date.parse(lastHeardAt))
}

/**
 * Takes the candidate out of the old primary's sight, then lets its agent's own time pass: an agent that sees neither control plane nor standby stops its server.
 * Safe to repeat: a detached standby stays so, and a new worker at worst waits longer. Undone by having the standbys follow again.
 */
export const awaitSelfFence = defineStep({
  id,
  title: 'Wait until the isolated primary has fenced itself',
  input: failoverInputs[id],
  output,
  precheck: async () => [],
  async run(context, input) {
    const { serverId, standbys, selfFenceMs } = input
    const standbyServerIds = standbys.map((each) => each.serverId)
    const detached: Followed[] = []
    for (const { serverId: standbyId } of standbys) {
      const { followed, fresh } = await detachStandby(context, standbyId)
      if (followed) detached.push(followed)
      if (fresh) blindSince.set(context, serverId, context.clock.now())
    }
    const since = blindSince.get(context, serverId) ?? context.clock.now()
    blindSince.set(context, serverId, since)
    const seen = await observeIfReachable(context, serverId)
    if (seen !== null && !isHeldDown(seen)) {
      const message = `The agent of ${serverId} answers (${seen.state}), so it will not fence itself: make a new plan that fences through it`
      throw new Terminal(`agent ${serverId}`, message)
    }
    const dueAt = Math.max(await lastHeard(context, input), since) + selfFenceMs + marginMs
    const now = context.clock.now()
    if (seen === null && now < dueAt) {
      const part = Math.min(1, Math.max(0, 1 - (dueAt - now) / (selfFenceMs + marginMs)))
      return wait(
        Math.min(500, dueAt - now),
        `${Math.ceil((dueAt - now) / 1000)} s until ${serverId} has fenced itself`,
        part,
      )
    }
    const times = { blindSince: instant(since), dueAt: instant(dueAt), endedAt: instant(now) }
    return done({ by: seen ? ('stopped' as const) : ('time' as const), standbyServerIds, detached, ...times })
  },
  async verify(context, input, { dueAt, by }) {
    for (const { serverId: standbyId } of input.standbys) {
      if (!(await isDetached(context, standbyId)))
        throw new NotVerified(`${standbyId} is connected to its upstream again`)
    }
    const observations = await context.observations.latest('agent', input.serverId)
    const heard = observations.find((each) => each.ok && !isStale(each, context.clock.now()))
    if (by === 'time' && heard && Date.parse(heard.observedAt) > Date.parse(dueAt)) {
      throw new NotVerified(`${heard.vantage} has heard from ${input.serverId} again`)
    }
  },
  compensate: {
    how: 'The standbys follow their upstream again.',
    async run(context, input, output) {
      blindSince.forget(context, input.serverId)
      for (const { serverId, follows } of input.standbys) {
        const planned = follows && { serverId, ...follows }
        const detached = output?.detached.find((each) => each.serverId === serverId)
        await followAgain(
          context,
          serverId,
          detached ?? planned ?? whatItFollowed(context, serverId),
          input.systemIdentifier,
        )
      }
      return done(null)
    },
    async verify(context, { standbys }) {
      for (const { serverId } of standbys) {
        if (await isDetached(context, serverId)) throw new NotVerified(`${serverId} follows nobody`)
      }
    },
  },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 180_000,
  maxAttempts: 3,
  backoffMs: 500,
  describe: ({ serverId, standbys, selfFenceMs }) => ({
    description: `Detach ${namesOf(standbys)} and wait ${Math.ceil((selfFenceMs + marginMs) / 1000)} s, after which ${serverId} has stopped itself.`,
    commands: standbys.map((standby) => [
      'psql',
      '-h',
      standby.serverId,
      '-c',
      "ALTER SYSTEM SET primary_conninfo = ''",
    ]),
    changes: `${namesOf(standbys)} receives no more WAL.`,
  }),
})

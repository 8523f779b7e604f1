import type { z } from 'zod'
import { failbackInputs, heldOutOutput } from '@/server/domain/plan/failback-steps'
import { instant } from '@/server/ports/clock'
import { Terminal, Unreachable } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { askDirectly } from '../postgres/ask-directly'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const id = 'service.verify-held-out'
type Input = z.infer<(typeof failbackInputs)[typeof id]>
type Fact = z.infer<typeof heldOutOutput>['facts'][number]
type Look = { ok: boolean; fact: Omit<Fact, 'at'> }

/** Every resolver that stands for the users: none may lead them into the returned region. */
async function lookAtAnswers(context: StepContext, { name, answers, region }: Input): Promise<Look[]> {
  return Promise.all(
    context.service.resolvers.map(async (resolver) => {
      const seen = await resolver.resolve(name)
      const led = seen.answers.filter((answer) => answers.includes(answer))
      const words = led.length > 0 ? `leads into ${region}: ${led.join(', ')}` : seen.answers.join(', ')
      return {
        ok: led.length === 0 && seen.answers.length > 0,
        fact: { what: `${resolver.address} answers ${name}`, seen: words },
      }
    }),
  )
}

/** The switch that keeps traffic away, and the opposite one that would call it back. A store that does not answer calls nobody. */
async function lookAtSwitch(context: StepContext, { writerRegion, region, needsSwitch }: Input): Promise<Look[]> {
  const { trafficSwitch } = context.service
  if (!trafficSwitch) return []
  const read = async (of: string): Promise<string> => {
    try {
      return (await trafficSwitch.read(of)).set ? 'set' : 'not set'
    } catch (error) {
      if (error instanceof Unreachable) return 'does not answer'
      throw error
    }
  }
  const [away, back] = [await read(writerRegion), await read(region)]
  return [
    { ok: away === 'set' || !needsSwitch, fact: { what: `switch in the store of ${writerRegion}`, seen: away } },
    { ok: back !== 'set', fact: { what: `switch in the store of ${region}`, seen: back } },
  ]
}

async function lookAtServer(context: StepContext, { serverId, systemIdentifier }: Input): Promise<Look[]> {
  const seen = await context.service.agent(serverId).call('observe', {})
  if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
  const held = seen.standbySignal && seen.role !== 'primary'
  const answer = await askDirectly(context, serverId)
  if (answer.kind === 'accepts-writes' || seen.role === 'primary') {
    throw new Terminal(
      `postgres ${serverId}`,
      `${serverId} is writable beside the writer. Fence it first; nothing was done`,
    )
  }
  const fence = seen.fence ? `fenced (${seen.fence.reason})` : 'not fenced'
  return [
    { ok: held, fact: { what: `agent of ${serverId}`, seen: `${seen.state}, ${seen.role ?? 'no role'}, ${fence}` } },
    { ok: answer.kind !== 'changing', fact: { what: `direct connection to ${serverId}`, seen: answer.words } },
  ]
}

/** Changes nothing: proves that the returned region takes neither users nor writes. Safe to repeat; nothing to undo. */
export const verifyHeldOut = defineStep({
  id,
  title: 'Prove that the returned region is held out',
  input: failbackInputs[id],
  output: heldOutOutput,
  precheck: async () => [],
  async run(context, input) {
    const server = await lookAtServer(context, input)
    const looks = [...server, ...(await lookAtAnswers(context, input)), ...(await lookAtSwitch(context, input))]
    const bad = looks.filter((each) => !each.ok)
    if (bad.length > 0) {
      const words = bad.map(({ fact }) => `${fact.what}: ${fact.seen}`).join('; ')
      return wait(500, `${input.region} is not held out yet. ${words}`)
    }
    const at = instant(context.clock.now())
    return done({ region: input.region, facts: looks.map(({ fact }) => ({ ...fact, at })) })
  },
  async verify(context, { serverId, region }) {
    const answer = await askDirectly(context, serverId)
    if (answer.kind === 'accepts-writes') throw new NotVerified(`${serverId} in ${region} accepts writes`)
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 10,
  backoffMs: 500,
  describe: ({ serverId, region, name }) => ({
    description: `Prove that nobody is led into ${region} by ${name}, and that ${serverId} refuses writes.`,
    commands: [
      ['dig', name, 'A', '+short'],
      ['psql', '-h', serverId, '-c', 'SELECT pg_current_xact_id()'],
    ],
    changes: null,
  }),
})

import type { z } from 'zod'
import { judgeWatch, type WatchTally } from '@/server/domain/evacuation'
import { evacuateInputs, watchOutput } from '@/server/domain/plan/evacuate-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import type { ProbeResult } from '@/server/ports/managed'
import { createMemory } from '../memory'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const id = 'service.watch-error-rate'
type Input = z.infer<(typeof evacuateInputs)[typeof id]>

/** A look asks each name through each resolver once; four looks a second are enough users for a judgement within a hold. */
const lookEveryMs = 250
/** Between two looks of a worker that is well; its own requests do not count, since they are the look. */
const longestGapMs = 10_000
/** Links are created too, but seldom: each leaves a row behind. */
const createEveryLooks = 4

type Watch = {
  startedAt: number
  lookedAt: number
  looks: number
  decisive: WatchTally
  elsewhere: WatchTally
  lastFailure: string | null
  counted: Set<string>
}
const memory = createMemory<Watch>()
const memoryKey = ({ names, gainingRegion, holdMs }: Input) => `watch ${gainingRegion} ${names.join()} ${holdMs}`

/** What the region that gains answers decides. A request that reached nobody counts against it: its user got nothing. */
function count(
  watch: Watch,
  input: Input,
  { ok, address, failure }: Pick<ProbeResult, 'ok' | 'address' | 'failure'>,
): void {
  const tally = address === null || input.answers.includes(address) ? watch.decisive : watch.elsewhere
  tally.requests += 1
  if (ok) return
  tally.failed += 1
  if (tally === watch.decisive) watch.lastFailure = failure ?? 'no reason given'
}

async function lookOnce(context: StepContext, input: Input, watch: Watch): Promise<void> {
  const { http, resolvers } = context.service
  const { names, port, healthPath, createPath, followPath, target, timeoutMs } = input
  const turn = watch.looks
  watch.looks += 1
  const ways = resolvers.flatMap((resolver) => names.map((name) => ({ resolver, name })))
  const results = await Promise.all(
    ways.map(({ resolver, name }, index) =>
      turn % createEveryLooks === 0 && index === (turn / createEveryLooks) % ways.length
        ? http.createAndFollow({ resolver, name, port, createPath, followPath, target, timeoutMs })
        : http.getByName({ resolver, name, port, path: healthPath, timeoutMs }),
    ),
  )
  for (const result of results) count(watch, input, result)
  const direct = await http.get(input.healthUrl, timeoutMs)
  count(watch, input, { ...direct, address: null })
  await countProbes(context, input, watch)
}

/** The probes of every vantage point since the watch began, each once. */
async function countProbes(context: StepContext, input: Input, watch: Watch): Promise<void> {
  for (const { vantage, observedAt, ok, failure } of await context.observations.latest(
    'endpoint',
    input.gainingRegion,
  )) {
    const key = `${vantage} ${observedAt}`
    if (Date.parse(observedAt) < watch.startedAt || watch.counted.has(key)) continue
    watch.counted.add(key)
    count(watch, input, { ok, failure: failure && `seen from ${vantage}: ${failure}`, address: null })
  }
}

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`
const rate = ({ requests, failed }: WatchTally) => (requests === 0 ? 0 : failed / requests)

/**
 * Changes next to nothing (a link is created now and then): asks the service as its users do for a while, and counts what fails in the region that gained traffic. Too many
 * failures fail the step, and with it everything shifted so far is put back. Safe to repeat: another worker begins to count anew. Nothing to undo.
 */
export const watchErrorRate = defineStep({
  id,
  title: 'Watch the error rate before going on',
  input: evacuateInputs[id],
  output: watchOutput,
  precheck: async () => [],
  async run(context, input) {
    const key = memoryKey(input)
    const watch = watchUnderWay(context, input)
    memory.set(context, key, watch)
    await lookOnce(context, input, watch)
    watch.lookedAt = context.clock.now()
    const elapsedMs = context.clock.now() - watch.startedAt
    const { decisive, elsewhere, lastFailure } = watch
    const said = `${decisive.failed} of ${decisive.requests} requests to ${input.gainingRegion} failed`
    const verdict = judgeWatch(decisive, elapsedMs, input)
    if (verdict === 'watch') {
      const more = decisive.requests < input.minRequests ? `; ${input.minRequests} are needed to judge` : ''
      return wait(lookEveryMs, `${said}${more}`, Math.min(1, elapsedMs / input.holdMs))
    }
    memory.forget(context, key)
    if (verdict === 'halt') {
      throw new Terminal(
        'evacuation',
        `Halted: ${said}, more than ${percent(input.maxErrorRate)} (last: ${lastFailure ?? 'no reason given'})`,
      )
    }
    if (verdict === 'unknown') {
      throw new Terminal(
        'evacuation',
        `Halted: only ${decisive.requests} of ${input.minRequests} requests in ${Math.round(elapsedMs / 1000)} s, so the error rate of ${input.gainingRegion} is unknown`,
      )
    }
    return done({
      gainingRegion: input.gainingRegion,
      ...decisive,
      errorRate: rate(decisive),
      elsewhere,
      watchedMs: elapsedMs,
      endedAt: instant(context.clock.now()),
    })
  },
  async verify(context, { gainingRegion }) {
    const looks = await context.observations.latest('endpoint', gainingRegion)
    const nowMs = context.clock.now()
    const fresh = looks.filter((each) => nowMs - Date.parse(each.observedAt) <= 2 * each.intervalMs)
    if (fresh.length === 0) throw new NotVerified(`No vantage point saw ${gainingRegion} lately`)
    const failing = fresh.find((each) => !each.ok)
    if (failing) throw new NotVerified(`${gainingRegion} fails as seen from ${failing.vantage}: ${failing.failure}`)
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 600_000,
  maxAttempts: 2,
  backoffMs: 500,
  describe: ({ names, gainingRegion, holdMs, maxErrorRate, minRequests, port, healthPath }) => ({
    description: `Watch ${names.join(' and ')} for ${Math.round(holdMs / 1000)} s: of at least ${minRequests} requests to ${gainingRegion}, at most ${percent(maxErrorRate)} may fail; otherwise everything is put back.`,
    commands: names.map((name) => ['curl', '--fail', '--max-time', '5', `http://${name}:${port}${healthPath}`]),
    changes: null,
  }),
})

/** A watch with a gap has not watched: after a pause it begins anew. */
function watchUnderWay(context: StepContext, input: Input): Watch {
  const known = memory.get(context, memoryKey(input))
  const gapMs = known ? context.clock.now() - known.lookedAt : 0
  return known && gapMs <= longestGapMs ? known : begin(context)
}

function begin(context: StepContext): Watch {
  const none = { requests: 0, failed: 0 }
  return {
    startedAt: context.clock.now(),
    lookedAt: context.clock.now(),
    looks: 0,
    decisive: { ...none },
    elsewhere: { ...none },
    lastFailure: null,
    counted: new Set(),
  }
}

import type { z } from 'zod'
import { agentOperations } from '@/server/domain/agent-protocol'
import { AgentError } from './agent-error'
import type { Host } from './host'
import { observe } from './observe'
import { assertWriter } from './operations/assert-writer'
import { baseCopy } from './operations/base-copy'
import { admitCheckpoint, checkpoint } from './operations/checkpoint'
import { divergence } from './operations/divergence'
import { dropSlot } from './operations/drop-slot'
import { fence } from './operations/fence'
import { detach, follow } from './operations/follow'
import { admitMerge, mergeRows } from './operations/merge-rows'
import { start, stop } from './operations/power'
import { promote } from './operations/promote'
import { holdReplay, resumeReplay, rollForward } from './operations/replay'
import { rewind } from './operations/rewind'
import { strandedRows } from './operations/stranded-rows'
import { unfence } from './operations/unfence'
import type { Pulse } from './pulse'

/** How long a second operation waits for the first before it is told `busy`. */
const waitMs = 2_000

export type Operation = (body: unknown) => Promise<unknown>

/** Both directions through the contract's schemas: what is malformed does not get in, what breaks the contract does not get out. */
function operation<Request extends z.ZodType, Result extends z.ZodType>(
  schemas: { request: Request; result: Result },
  run: (request: z.output<Request>) => Promise<z.input<Result>>,
): Operation {
  return async (body) => {
    const parsed = schemas.request.safeParse(body)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw new AgentError(
        'invalid',
        `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'malformed'}; nothing was done`,
      )
    }
    return schemas.result.parse(await run(parsed.data))
  }
}

/** Every operation of the contract, by the name in its URL. All that change something go one at a time. */
export function operationTable(host: Host, pulse: Pulse): Map<string, Operation> {
  const alone = <T>(work: () => Promise<T>) => host.mutex.run(work, waitMs)
  const thenObserve = async (work: () => Promise<void>) => {
    await alone(work)
    return await observe(host, pulse)
  }
  return new Map([
    ['observe', operation(agentOperations.observe, (request) => observe(host, pulse, request.echo))],
    ['fence', operation(agentOperations.fence, (request) => alone(() => fence(host, request)))],
    ['unfence', operation(agentOperations.unfence, (request) => thenObserve(() => unfence(host, request)))],
    [
      'promote',
      operation(agentOperations.promote, async (request) => {
        const result = await alone(() => promote(host, request))
        pulse.beat().catch(() => undefined)
        return result
      }),
    ],
    ['detach', operation(agentOperations.detach, (request) => alone(() => detach(host, request)))],
    ['follow', operation(agentOperations.follow, (request) => alone(() => follow(host, request)))],
    [
      'checkpoint',
      operation(agentOperations.checkpoint, async (request) => {
        await alone(() => admitCheckpoint(host, request))
        return await checkpoint(host, request)
      }),
    ],
    ['dropSlot', operation(agentOperations.dropSlot, (request) => alone(() => dropSlot(host, request)))],
    ['stop', operation(agentOperations.stop, (request) => alone(() => stop(host, request)))],
    ['start', operation(agentOperations.start, (request) => thenObserve(() => start(host, request)))],
    ['baseCopy', operation(agentOperations.baseCopy, (request) => thenObserve(() => baseCopy(host, request)))],
    ['rewind', operation(agentOperations.rewind, (request) => thenObserve(() => rewind(host, request)))],
    ['holdReplay', operation(agentOperations.holdReplay, (request) => alone(() => holdReplay(host, request)))],
    ['rollForward', operation(agentOperations.rollForward, (request) => alone(() => rollForward(host, request)))],
    ['resumeReplay', operation(agentOperations.resumeReplay, (request) => alone(() => resumeReplay(host, request)))],
    ['assertWriter', operation(agentOperations.assertWriter, (request) => alone(() => assertWriter(host, request)))],
    ['divergence', operation(agentOperations.divergence, (request) => divergence(host, request))],
    [
      'mergeRows',
      operation(agentOperations.mergeRows, async (request) => {
        await alone(() => admitMerge(host, request))
        return await mergeRows(host.superuser(host.config.postgres.databaseName), request)
      }),
    ],
    ['strandedRows', operation(agentOperations.strandedRows, (request) => strandedRows(host, request))],
  ])
}

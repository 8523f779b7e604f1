import { type Log, messageOf } from './loop'

export type RunRegistry = {
  /** Leads a run in this process, unless it already does. Resolves when it no longer does; never rejects. */
  execute(runId: string): Promise<void>
  /** How many runs this process leads now. */
  active(): number
  /** Takes no more runs; @returns true when all have ended within `ms`. */
  drain(ms: number): Promise<boolean>
}

/** The job queue and the reconciler both bring runs: here they become at most one execution of a run in this process. The lease sees to the other processes. */
export function createRunRegistry(executeRun: (runId: string) => Promise<unknown>, log: Log): RunRegistry {
  const running = new Map<string, Promise<void>>()
  let closed = false

  const lead = async (runId: string): Promise<void> => {
    try {
      const outcome = await executeRun(runId)
      log.info({ runId, outcome }, 'a run was looked after')
    } catch (error) {
      log.error({ runId, error: messageOf(error) }, 'leading a run ended with an error; it will be taken up again')
    } finally {
      running.delete(runId)
    }
  }
  return {
    execute(runId) {
      const already = running.get(runId)
      if (already || closed) return already ?? Promise.resolve()
      const work = lead(runId)
      running.set(runId, work)
      return work
    },
    active: () => running.size,
    async drain(ms) {
      closed = true
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), ms)
      })
      const ended = Promise.all(running.values()).then(() => true as const)
      const all = await Promise.race([ended, timeout])
      clearTimeout(timer)
      return all
    },
  }
}

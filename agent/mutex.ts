import { AgentError } from './agent-error'

/** One operation at a time, in order of arrival. Who waits longer than `waitMs` is told `busy`, and nothing was done. */
export class Mutex {
  private held = false
  private readonly waiting: (() => void)[] = []

  async run<T>(work: () => Promise<T>, waitMs: number): Promise<T> {
    await this.acquire(waitMs)
    try {
      return await work()
    } finally {
      this.release()
    }
  }

  private async acquire(waitMs: number): Promise<void> {
    if (!this.held) {
      this.held = true
      return
    }
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(turn), 1)
        reject(new AgentError('busy', 'another operation is running on this server; nothing was done'))
      }, waitMs)
      this.waiting.push(turn)
    })
  }

  private release(): void {
    const next = this.waiting.shift()
    if (next) next()
    else this.held = false
  }
}

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fenceMark } from '@/server/domain/agent-protocol'
import { upstream } from './config'
import { isMissing, writeDurably } from './durable-file'

/** All that the agent must remember over a restart. One file, replaced whole, so that no two facts can disagree. */
const agentState = z.object({
  newestGeneration: z.int().min(0),
  fence: fenceMark.nullable(),
  follows: upstream.nullable(),
  /** Set while this data directory was last writable here, and on which timeline; null for a copy of another server. */
  writableTimeline: z.int().nullable(),
  /** A cluster that was just made has no history to contradict: it may start writable, once. */
  firstPrimaryStart: z.boolean(),
  /** The data directory is half rewritten; only a fresh copy makes it usable. */
  incomplete: z.literal('rewind').nullable(),
  /** Another writer that the control plane named: from then on this server is never unfenced. */
  successor: z.object({ serverId: z.string(), generation: z.int(), timeline: z.int() }).nullable(),
  /** The last copy or rewind that was finished, so that asking again changes nothing. */
  completed: z.object({ operation: z.enum(['baseCopy', 'rewind']), runId: z.string(), upstream }).nullable(),
  /** Replay was taken in hand by a run: held where it is, or to stop at a moment. null: it follows as configured. */
  replay: z
    .object({ mode: z.enum(['held', 'target']), runId: z.string(), targetTime: z.string().nullable() })
    .nullable()
    .default(null),
})
export type AgentState = z.infer<typeof agentState>

const initialState: AgentState = {
  newestGeneration: 0,
  fence: null,
  follows: null,
  writableTimeline: null,
  firstPrimaryStart: false,
  incomplete: null,
  successor: null,
  completed: null,
  replay: null,
}

export class StateStore {
  private constructor(
    private readonly path: string,
    private state: AgentState,
  ) {}

  /** A state file that cannot be read stops the agent: guessing here could unfence a server. */
  static async open(directory: string): Promise<StateStore> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const path = join(directory, 'state.json')
    try {
      return new StateStore(path, agentState.parse(JSON.parse(await readFile(path, 'utf8'))))
    } catch (error) {
      if (!isMissing(error)) throw new Error('the agent state cannot be read; nothing was started', { cause: error })
      return new StateStore(path, initialState)
    }
  }

  get current(): Readonly<AgentState> {
    return this.state
  }

  /** On disk when it returns. In memory only afterwards: a failed write leaves the old state in force. */
  async update(change: Partial<AgentState>): Promise<void> {
    const next = { ...this.state, ...change }
    await writeDurably(this.path, `${JSON.stringify(next, null, 2)}\n`)
    this.state = next
  }
}

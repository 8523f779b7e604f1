import { z } from 'zod'
import { rollForwardInputs } from '@/server/domain/plan/roll-forward-steps'
import { Terminal, Transient } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { askDirectly } from '../postgres/ask-directly'
import { defineStep, done, NotVerified } from '../step'
import { observeIfReachable } from './observe-if-reachable'

const id = 'agent.stop-standby'
const output = z.object({ stopped: z.boolean() })

/**
 * Stops a standby that follows the abandoned history, so that no application reads from it. It keeps its data. Safe to repeat. An agent that does not
 * answer has nothing to do with the new writer: then it is left, and said so. Not undone: it needs a rebuild before it may serve again.
 */
export const stopStandby = defineStep({
  id,
  title: 'Stop the standby that has the bad change',
  input: rollForwardInputs[id],
  output,
  precheck: async () => [],
  async run(context, { serverId, systemIdentifier }) {
    const seen = await observeIfReachable(context, serverId)
    if (seen === null) return done({ stopped: false })
    if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    if (seen.role === 'primary')
      throw new Terminal(`agent ${serverId}`, `${serverId} runs as a primary; it was not touched`)
    if (seen.state === 'stopped') return done({ stopped: true })
    const { generation, runId } = context
    const { stopped } = await context.service.agent(serverId).call('stop', { generation, runId, deadlineMs: 10_000 })
    if (!stopped) throw new Transient(`agent ${serverId}`, `${serverId} has not stopped yet`)
    return done({ stopped })
  },
  async verify(context, { serverId }, { stopped }) {
    if (!stopped) return
    const answer = await askDirectly(context, serverId)
    if (answer.kind !== 'silent') throw new NotVerified(`${serverId} was stopped, but: ${answer.words}`)
  },
  compensate: { none: 'Its history was left behind; it needs a rebuild before it serves again' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 60_000,
  maxAttempts: 5,
  backoffMs: 500,
  describe: ({ serverId, region, writerServerId }) => ({
    description: `Stop ${serverId} in ${region}: it holds what ${writerServerId} was taken back from, and nobody may read that.`,
    commands: [['pg_ctl', 'stop', '-D', '$PGDATA', '-m', 'fast']],
    changes: `${serverId} stops and keeps its data; it needs a rebuild.`,
  }),
})

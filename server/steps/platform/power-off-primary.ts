import { z } from 'zod'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { Terminal } from '@/server/ports/errors'
import type { Platform } from '@/server/ports/managed'
import { observeIfReachable } from '../agent/observe-if-reachable'
import { blocker } from '../blocker'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const output = z.object({
  hostId: z.string(),
  state: z.literal('stopped'),
  reason: z.string(),
  observedAt: z.string(),
})
const id = 'platform.power-off-primary'

function platformOf(context: StepContext): Platform {
  if (context.service.platform) return context.service.platform
  throw new Terminal('platform', 'No platform is configured; the power of the host was not touched')
}

/**
 * Cuts the power of the old primary's host. Safe to repeat: a host that is stopped is left alone, and a token makes a repeated request the same one.
 * Undone by starting the host, which is right only while nothing was promoted: the executor sees to that.
 */
export const powerOffPrimary = defineStep({
  id,
  title: 'Power off the old primary',
  input: failoverInputs[id],
  output,
  async precheck(context) {
    if (context.service.platform) return []
    return [blocker(id, 'fencing.no-platform', 'No platform can cut the power of the host.', 'Configure the platform.')]
  },
  async run(context, { serverId, systemIdentifier, hostId }) {
    const platform = platformOf(context)
    const host = await platform.describeHost(hostId)
    if (host.state === 'stopped') return done({ ...host, state: 'stopped' as const })
    if (host.state !== 'stopping') {
      // Whoever answers there must be the server of the plan. An agent that is silent, or broken in any other way, is why we are here.
      const seen = await observeIfReachable(context, serverId).catch(() => null)
      if (seen?.systemIdentifier) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
      await platform.stopHost(hostId, `${context.runId}:power-off:${serverId}`)
    }
    return wait(100, `Host ${hostId} is ${host.state}; waiting until the platform says stopped`)
  },
  async verify(context, { serverId, hostId }) {
    const seen = await observeIfReachable(context, serverId)
    if (seen !== null && seen.state !== 'stopped') {
      throw new NotVerified(`The platform says that ${hostId} is stopped, but the agent on it answers: ${seen.state}`)
    }
  },
  compensate: {
    how: 'The host is started again.',
    async run(context, { serverId, hostId }) {
      const { state } = await platformOf(context).describeHost(hostId)
      if (state === 'running' || state === 'starting') return done(null)
      if (state === 'stopped') await platformOf(context).startHost(hostId, `${context.runId}:power-on:${serverId}`)
      return wait(200, `Host ${hostId} is ${state}; waiting until it starts`)
    },
    async verify(context, { hostId }) {
      const { state } = await platformOf(context).describeHost(hostId)
      if (state !== 'running' && state !== 'starting') throw new NotVerified(`Host ${hostId} is ${state}`)
    },
  },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 120_000,
  maxAttempts: 3,
  backoffMs: 500,
  describe: ({ serverId, region, hostId }) => ({
    description: `Cut the power of ${hostId}, the host of ${serverId} in ${region}, and wait until the platform says stopped.`,
    commands: [
      ['aws', 'ec2', 'stop-instances', '--force', '--instance-ids', hostId],
      ['aws', 'ec2', 'wait', 'instance-stopped', '--instance-ids', hostId],
    ],
    changes: `Everything on ${hostId} stops.`,
  }),
})

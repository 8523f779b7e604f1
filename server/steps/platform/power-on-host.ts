import { z } from 'zod'
import { failbackInputs } from '@/server/domain/plan/failback-steps'
import { Terminal } from '@/server/ports/errors'
import { observeIfReachable } from '../agent/observe-if-reachable'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, wait } from '../step'

const id = 'platform.power-on-host'
const output = z.object({
  state: z.string(),
  role: z.string().nullable(),
})

/**
 * Starts the host of the returned server, if it is off, and waits for its agent. Safe to repeat: a host that runs is left alone. What comes up is read-only by
 * the agent's guard at boot. Not undone: a host that runs held out of traffic harms nobody, and whoever looks into it wants it on.
 */
export const powerOnHost = defineStep({
  id,
  title: 'Start the host of the returned server',
  input: failbackInputs[id],
  output,
  precheck: async () => [],
  async run(context, { serverId, systemIdentifier, hostId }) {
    const seen = await observeIfReachable(context, serverId)
    if (seen) {
      if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
      if (seen.state === 'starting') return wait(200, `${serverId} starts`)
      return done({ state: seen.state, role: seen.role })
    }
    const { platform } = context.service
    if (!platform || hostId === null) {
      throw new Terminal(
        `agent ${serverId}`,
        `The agent of ${serverId} does not answer, and no platform can start its host`,
      )
    }
    const host = await platform.describeHost(hostId)
    if (host.state === 'stopped') await platform.startHost(hostId, `${context.runId}:power-on:${serverId}`)
    return wait(300, `Host ${hostId} is ${host.state}; waiting for the agent of ${serverId}`)
  },
  async verify(context, { serverId, hostId }) {
    const { platform } = context.service
    if (!platform || hostId === null) return
    const host = await platform.describeHost(hostId)
    if (host.state !== 'running')
      throw new NotVerified(`${serverId} answers, but the platform says ${hostId} is ${host.state}`)
  },
  compensate: { none: 'A host that runs held out of traffic, read-only, harms nobody' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 360_000,
  maxAttempts: 5,
  backoffMs: 1000,
  describe: ({ serverId, region, hostId }) => ({
    description: `Start ${hostId ?? 'the host'} of ${serverId} in ${region} if it is off, and wait for its agent. It comes up read-only.`,
    commands: hostId === null ? [] : [['aws', 'ec2', 'start-instances', '--instance-ids', hostId]],
    changes: `${serverId} runs again, read-only and out of traffic.`,
  }),
})

import { done, NotVerified, type StepContext } from '../step'

type Input = { serverId: string; systemIdentifier: string }

/** How holding and rolling forward are taken back: the delayed standby applies at its delay again. Safe to repeat. */
export const atDelay = {
  how: 'The delayed standby follows again at its delay; once the delay is over it applies the bad change too.',
  async run(context: StepContext, { serverId, systemIdentifier }: Input) {
    await context.service.agent(serverId).call('resumeReplay', {
      generation: context.generation,
      runId: context.runId,
      expectSystemIdentifier: systemIdentifier,
    })
    return done(null)
  },
  async verify(context: StepContext, { serverId }: Input) {
    const seen = await context.service.agent(serverId).call('observe', {})
    if (seen.replay) throw new NotVerified(`${serverId} is still held for run ${seen.replay.runId}`)
    if (seen.replayPaused !== false) throw new NotVerified(`${serverId} does not apply yet`)
  },
}

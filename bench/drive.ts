import type { Story } from '@/e2e/lab/story'
import { approve, databaseTarget, runEnd } from '@/e2e/lab/watch'
import type { Region } from '@/lab/addressing'
import { eventually } from '@/lab/testing'
import { type RunView, runView } from '@/server/queries/dto/run'
import type { Address } from './writers'

/** Each bench has the machine for itself: one lab at a time, at these addresses. */
export const benchLab = { net: 77, port: 3377 }

/** A planned run the way people do it: one asks, another approves. @returns the run that has ended well */
export async function carryOut(story: Story, kind: string): Promise<RunView> {
  let said = ''
  const asked = await eventually(
    `the ${kind} to be accepted as a request`,
    async () => {
      const body = { kind, inputs: {}, reason: 'a measurement' }
      const answer = await story.call('operator', 'POST', '/api/v1/services/shortener/runs', body)
      if (answer.status === 201) return runView.parse(answer.body)
      said = `${answer.status} ${JSON.stringify(answer.body)}`
      return null
    },
    60_000,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; the last answer: ${said}`)
  })
  const yes = await approve(story, asked)
  if (yes.status >= 300) throw new Error(`approval of the ${kind}: ${JSON.stringify(yes.body)}`)
  const run = await runEnd(story, asked.id)
  if (run.state !== 'succeeded') throw new Error(`the ${kind} ended ${run.state}: ${run.stateReason}`)
  return run
}

/** Both databases, as clients reach them directly. */
export function serversOf(story: Story): Record<Region, Address> {
  return { 'us-east': databaseTarget(story, 'us-east'), 'us-west': databaseTarget(story, 'us-west') }
}

import { z } from 'zod'
import { StaleGeneration, Terminal, Transient } from '@/server/ports/errors'
import type { TrafficSwitch } from '@/server/ports/managed'
import type { S3Objects } from '../s3-objects'

export type SwitchStore = { objects: S3Objects; key: string }

const switchContent = z.object({ generation: z.int().min(0), runId: z.string(), at: z.string() })
type SwitchContent = z.infer<typeof switchContent>
/** Another writer got in between this often: somebody else is turning the switch, and we stop. */
const maxRaces = 3

/**
 * An object in a region's own store: there, it says that traffic has left the other region. Clearing takes the object away, and leaves a note beside it with the
 * generation that did, so that an older run cannot turn the switch again afterwards.
 */
export function createTrafficSwitch(storeOf: (region: string) => SwitchStore): TrafficSwitch {
  const clearedKey = (key: string) => `${key}.cleared`

  return {
    async read(region) {
      const { objects, key } = storeOf(region)
      const object = await objects.get(key)
      const content = object && parseContent(region, object.body)
      return { set: object !== null, generation: content?.generation ?? null, observedAt: new Date().toISOString() }
    },
    async set(region, generation, runId) {
      const { objects, key } = storeOf(region)
      await write(objects, region, key, generation, runId, async () => {
        const cleared = await objects.get(clearedKey(key))
        refuseOlder(region, cleared && parseContent(region, cleared.body), generation)
      })
    },
    async clear(region, generation, runId) {
      const { objects, key } = storeOf(region)
      const object = await objects.get(key)
      refuseOlder(region, object && parseContent(region, object.body), generation)
      // The note first: whoever reads between the two steps still finds a switch that is set, and refuses older runs.
      await write(objects, region, clearedKey(key), generation, runId)
      if (object !== null) await objects.delete(key)
    },
  }
}

async function write(
  objects: S3Objects,
  region: string,
  key: string,
  generation: number,
  runId: string,
  guard?: () => Promise<void>,
): Promise<void> {
  for (let race = 0; race < maxRaces; race += 1) {
    const [existing] = await Promise.all([objects.get(key), guard?.()])
    const content = existing && parseContent(region, existing.body)
    refuseOlder(region, content, generation)
    if (content?.generation === generation && content.runId === runId) return
    const body = JSON.stringify({ generation, runId, at: new Date().toISOString() } satisfies SwitchContent)
    const condition = existing?.etag ? { ifMatch: existing.etag } : { ifNoneMatch: '*' as const }
    if (await objects.put(key, body, condition)) return
  }
  throw new Transient(`traffic switch ${region}`, `The traffic switch of ${region} is being written by someone else`)
}

function refuseOlder(region: string, content: SwitchContent | null, generation: number): void {
  if (content && content.generation > generation)
    throw new StaleGeneration(`traffic switch ${region}`, content.generation)
}

function parseContent(region: string, body: string): SwitchContent {
  try {
    return switchContent.parse(JSON.parse(body))
  } catch (error) {
    const message = `The traffic switch of ${region} holds something that Lifeboat did not write; it was left alone`
    throw new Terminal(`traffic switch ${region}`, message, { cause: error })
  }
}

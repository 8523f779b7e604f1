import { describe, expect, it } from 'vitest'
import { Unreachable } from '@/server/ports/errors'
import type { ManagedService } from '@/server/ports/managed'
import { links, sharedConfig } from '@/server/testing/evacuation-facts'
import { connectWorld } from '@/server/testing/world/connect'
import { steadyRegions, World } from '@/server/testing/world/world'
import { idsLooks } from './ids'
import { sharedNameLooks } from './shared-names'
import type { WatchTarget } from './watch-target'

const clock = { now: () => 1_000_000, sleep: async () => undefined }
const world = () => new World({ ...steadyRegions(), redirect: 'weighted' })

function target(managed: ManagedService): WatchTarget {
  const config = sharedConfig({}, [links])
  const writer = { serverId: null, region: null, timeline: null, systemIdentifier: null, generation: 0 }
  return { service: { id: config.id, config, configVersion: 1, writer }, managed, vantage: 'vantage-a' }
}

const observe = (looks: ReturnType<typeof idsLooks>) => Promise.all(looks.map((look) => look.observe(clock)))

describe('looking at shared names', () => {
  it('sees what each resolver answers, and the records with their weights', async () => {
    const seen = await observe(sharedNameLooks(target(connectWorld(world()))))
    expect(seen.map(({ kind, subject, ok }) => [kind, subject, ok])).toEqual([
      ['dns', 'links.test at 127.1.0.1:53', true],
      ['records', 'links.test', true],
    ])
    expect(seen[0]?.facts).toMatchObject({ sharedName: links, answers: ['127.1.1.10', '127.1.2.10'], region: null })
    expect(seen[1]?.facts).toMatchObject({ records: [{ weight: 100 }, { weight: 100 }] })
  })
})

describe('looking at ids', () => {
  const rows = [{ key: ((1n << 22n) | (1n << 17n)).toString(), value: 'us-east' }]

  it('reads a sample from the server that is primary now, and what each region is told', async () => {
    const managed = connectWorld(world())
    const asked: string[] = []
    const withRows: ManagedService = {
      ...managed,
      workload: (region) => ({
        ...managed.workload(region),
        observe: async () => {
          if (region === 'us-west') throw new Unreachable('cluster us-west', 'no answer')
          return { ...(await managed.workload(region).observe()), environment: { DATACENTER_ID: '1' } }
        },
      }),
      postgres: (id) => ({
        ...managed.postgres(id),
        readPairs: async () => {
          asked.push(id)
          return rows
        },
      }),
    }
    const [seen] = await observe(idsLooks(target(withRows)))
    expect(asked).toEqual(['db-us-east'])
    expect(seen).toMatchObject({
      ok: true,
      facts: {
        datacenters: [
          { region: 'us-east', told: '1' },
          { region: 'us-west', told: null },
        ],
        found: [{ datacenter: 1, region: 'us-east', count: 1 }],
      },
    })
  })

  it('has failed, and knows nothing, when no primary answers', async () => {
    const away = world()
    for (const server of away.servers.values()) server.up = false
    const [seen] = await observe(idsLooks(target(connectWorld(away))))
    expect(seen).toMatchObject({ ok: false, facts: null, failure: 'No primary answers, so no ids could be read' })
  })
})

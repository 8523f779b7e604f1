import { StaleGeneration } from '@/server/ports/errors'
import type { DnsAuthority, DnsRecord, Resolver, TrafficSwitch } from '@/server/ports/managed'
import { publicAnswers, regionOf } from './traffic'
import type { World } from './world'

/** The authority, the resolver and the switch of a world, behind the real ports. */
export function authorityOf(world: World): DnsAuthority {
  const { traffic } = world
  const changed = (name: string, change: () => boolean): { changeId: string } => {
    world.effect(name, change)
    traffic.changes += 1
    return { changeId: `C${traffic.changes}` }
  }
  return {
    listRecords: async () => {
      world.pass()
      return [...traffic.records]
        .sort((a, b) => (a.failover ?? '').localeCompare(b.failover ?? ''))
        .map(
          ({ region, values, failover, weight, geo }): DnsRecord => ({
            ...{ setIdentifier: region, region, type: 'A', ttlSeconds: 1, healthCheckId: null },
            ...{ values: [...values], failover, weight, geo },
          }),
        )
    },
    healthStatus: async () => ({ status: 'healthy', observedAt: new Date().toISOString(), reports: [] }),
    makePrimary: async (_zone, _name, answers) => {
      const to = regionOf(answers[0] ?? '')
      return changed(`dns:${to}`, () => {
        const wanted = traffic.records.map((each) => ({
          ...each,
          failover: each.region === to ? ('PRIMARY' as const) : ('SECONDARY' as const),
        }))
        const differs = wanted.some((each, index) => each.failover !== traffic.records[index]?.failover)
        traffic.records = wanted
        return differs
      })
    },
    changeStatus: async () => 'INSYNC',
    setWeights: async (_zone, _name, weights) =>
      changed(`weights:${JSON.stringify(weights)}`, () => {
        const before = JSON.stringify(traffic.records)
        for (const each of traffic.records) each.weight = weights[each.region] ?? each.weight
        return JSON.stringify(traffic.records) !== before
      }),
    setGeoAnswers: async (_zone, _name, answers) =>
      changed(`geo:${Object.keys(answers).join('+')}`, () => {
        const before = JSON.stringify(traffic.records)
        for (const each of traffic.records) each.values = answers[each.region]?.values ?? each.values
        return JSON.stringify(traffic.records) !== before
      }),
  }
}

export function switchOf(world: World): TrafficSwitch {
  const { traffic } = world
  const obey = (region: string, generation: number): void => {
    const newest = traffic.turned[region] ?? 0
    if (generation < newest) throw new StaleGeneration(`switch ${region}`, newest)
  }
  return {
    read: async (region) => ({
      set: region in traffic.turned,
      generation: traffic.turned[region] ?? null,
      observedAt: new Date().toISOString(),
    }),
    set: async (region, generation) => {
      obey(region, generation)
      world.effect(`switch:${region}`, () => {
        const was = region in traffic.turned
        traffic.turned[region] = generation
        return !was
      })
    },
    clear: async (region, generation) => {
      obey(region, generation)
      world.effect(`unswitch:${region}`, () => {
        const was = region in traffic.turned
        delete traffic.turned[region]
        return was
      })
    },
  }
}

export function resolverOf(world: World): Resolver {
  return {
    address: '127.1.0.1:53',
    resolve: async () => {
      world.pass()
      return { answers: publicAnswers(world.traffic), ttlSeconds: 1, tookMs: 1 }
    },
  }
}

import { describe, expect, it } from 'vitest'
import type { JsonObject } from '@/server/domain/json'
import { buildFailoverPlan } from '@/server/domain/plan/build-failover'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { rejoinInputs } from '@/server/domain/plan/rejoin-steps'
import { switchoverInputs } from '@/server/domain/plan/switchover-steps'
import { lostPrimaryFacts } from '@/server/testing/facts'
import { catalog, describeStep } from './catalog'

const server = { serverId: 'db-west-1', systemIdentifier: '7000', region: 'us-west' }
const inputs: Record<keyof typeof failoverInputs, JsonObject> = {
  'service.confirm-outage': {
    region: 'us-east',
    publicName: 'go.lab',
    vantagePoints: ['vantage-a', 'vantage-b'],
    quorum: 2,
  },
  'postgres.freeze-loss-statement': {
    ...server,
    timeline: 1,
    primaryServerId: 'db-east-1',
    primaryLsn: null,
    primaryLsnAt: null,
  },
  'platform.power-off-primary': { ...server, hostId: 'i-1' },
  'agent.fence-primary': { ...server, fenceDeadlineMs: 1_000 },
  'agent.await-self-fence': {
    ...server,
    standbys: [{ serverId: 'db-west-1', follows: null }],
    selfFenceMs: 30_000,
    lastHeardAt: null,
  },
  'postgres.verify-fence': { ...server, method: 'platform', hostId: 'i-1', fenceStepKey: '03' },
  'operator.accept-unfenced': { ...server, risk: 'Two primaries.' },
  'postgres.promote-candidate': {
    ...server,
    timeline: 1,
    host: 'db',
    port: 5432,
    fencedServerId: 'db-east-1',
    evidenceStepKey: '04',
    promoteDeadlineMs: 1_000,
  },
  'postgres.prove-writable': { ...server, newerThanTimeline: 1 },
  'workload.point-at-primary': {
    ...server,
    host: 'db',
    port: 5432,
    hostEnv: 'DATABASE_HOST',
    portEnv: 'DATABASE_PORT',
  },
  'cache.prewarm': { ...server, query: 'SELECT', limit: 10, ttlSeconds: 60 },
  'workload.scale-region': { region: 'us-west', replicas: 10 },
  'dns.turn-switch': { name: 'go.lab', fromRegion: 'us-east', toRegion: 'us-west', writableStepKey: '06' },
  'dns.edit-records': {
    name: 'go.lab',
    zoneId: 'Z1',
    fromRegion: 'us-east',
    toRegion: 'us-west',
    answers: ['127.66.2.10'],
    writableStepKey: '06',
  },
  'dns.await-resolvers': {
    name: 'go.lab',
    region: 'us-west',
    answers: ['127.66.2.10'],
    resolvers: ['127.66.0.1:53'],
    ttlSeconds: 60,
  },
  'service.verify-synthetic': {
    name: 'go.lab',
    region: 'us-west',
    port: 80,
    answers: ['127.66.2.10'],
    createPath: '/links',
    followPath: '/{code}',
    target: 'https://example.com/',
    timeoutMs: 1_000,
  },
}

describe('the catalogue', () => {
  it('has every step that a failover or a switchover may plan', () => {
    const planned = Object.keys({ ...failoverInputs, ...rejoinInputs, ...switchoverInputs })
    expect([...catalog.keys()]).toEqual(expect.arrayContaining(planned))
  })

  it.each(Object.entries(inputs))('describes %s to a person', (stepId, input) => {
    const about = describeStep(stepId, input)
    expect(about.description).toMatch(/\.$/)
    expect(about.description).not.toMatch(/undefined|\[object/)
    expect(about.undo).toMatch(/\.$/)
    expect(about.commands.every((command) => command.length > 0 && command.every((word) => word !== ''))).toBe(true)
  })

  it('has one point of no return, which is not reversible, and nothing of proof or fencing can be skipped', () => {
    const all = Object.entries(inputs).map(([stepId, input]) => ({ stepId, ...describeStep(stepId, input) }))
    expect(all.filter((each) => each.pointOfNoReturn).map((each) => [each.stepId, each.reversible])).toEqual([
      ['postgres.promote-candidate', false],
    ])
    expect(
      all
        .filter((each) => each.skippable)
        .map((each) => each.stepId)
        .sort(),
    ).toEqual(['cache.prewarm', 'dns.await-resolvers', 'workload.scale-region'])
    expect(
      all
        .filter((each) => each.reversible)
        .map((each) => each.stepId)
        .sort(),
    ).toEqual(['agent.await-self-fence', 'agent.fence-primary', 'platform.power-off-primary'])
  })

  it('refuses what it does not know', () => {
    expect(() => describeStep('postgres.drop-database', {})).toThrow('no step')
    expect(() => describeStep('workload.scale-region', { region: 'us-west' })).toThrow()
  })
})

describe('the commands of a plan', () => {
  it('name the systems of the service, so that a person can run them with everything of Lifeboat dead', () => {
    const { steps } = buildFailoverPlan({ ...lostPrimaryFacts(), describe: describeStep })
    const said = steps.flatMap((step) => step.commands.flat())
    expect(said.length).toBeGreaterThan(steps.length)
    expect(said.filter((each) => /<\w+ of /.test(each))).toEqual([])
  })
})

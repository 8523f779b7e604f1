import { describe, expect, it } from 'vitest'
import { type DetectionInput, detect, type ProbeLook } from './detect'
import { nextIncidentMove, type OpenIncident } from './incident-moves'

const start = Date.parse('2027-01-01T00:00:00.000Z')
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()

const name = 'links.example.test'

function look(over: Partial<ProbeLook> & Pick<ProbeLook, 'kind' | 'vantage'>): ProbeLook {
  return {
    subject: over.kind === 'public' ? name : 'us-east',
    ok: true,
    failure: over.ok === false ? 'connection refused' : null,
    observedAt: at(0),
    intervalMs: 1000,
    consecutiveFailures: 0,
    ...over,
  }
}

const healthy = (observedAt = at(0)): ProbeLook[] =>
  (['vantage-a', 'vantage-b'] as const).flatMap((vantage) =>
    (['public', 'endpoint'] as const).map((kind) => look({ kind, vantage, observedAt })),
  )

function failing(kind: ProbeLook['kind'], vantage: string, failures: number, observedAt = at(0)): ProbeLook {
  return look({ kind, vantage, ok: false, consecutiveFailures: failures, observedAt })
}

/** Replaces the looks that are of the same target and vantage point. */
function over(looks: ProbeLook[], ...newer: ProbeLook[]): ProbeLook[] {
  return [
    ...newer,
    ...looks.filter((each) => !newer.some((one) => one.kind === each.kind && one.vantage === each.vantage)),
  ]
}

function input(looks: ProbeLook[], more: Partial<DetectionInput> = {}): DetectionInput {
  return {
    nowMs: start + 500,
    publicName: name,
    primaryRegion: 'us-east',
    rules: { vantagePoints: ['vantage-a', 'vantage-b'], quorum: 2, failuresToConfirm: 2 },
    looks,
    goodStreaks: [],
    outageSince: null,
    ...more,
  }
}

describe('detect', () => {
  const table: { title: string; looks: ProbeLook[]; state: string; region: string | null; severity: string }[] = [
    { title: 'everything answers', looks: healthy(), state: 'ok', region: null, severity: 'warning' },
    { title: 'nothing was ever seen', looks: [], state: 'unknown', region: null, severity: 'warning' },
    {
      title: 'one failure of the endpoint from one vantage point',
      looks: over(healthy(), failing('endpoint', 'vantage-a', 1)),
      state: 'suspected',
      region: 'us-east',
      severity: 'warning',
    },
    {
      title: 'one failure of the public name from one vantage point',
      looks: over(healthy(), failing('public', 'vantage-b', 1)),
      state: 'suspected',
      region: null,
      severity: 'warning',
    },
    {
      title: 'ten failures from one vantage point alone never confirm',
      looks: over(healthy(), failing('public', 'vantage-a', 10), failing('endpoint', 'vantage-a', 10)),
      state: 'suspected',
      region: 'us-east',
      severity: 'warning',
    },
    {
      title: 'the second failure at only one of two vantage points',
      looks: over(healthy(), failing('public', 'vantage-a', 2), failing('public', 'vantage-b', 1)),
      state: 'suspected',
      region: null,
      severity: 'warning',
    },
    {
      title: 'two failures at both, public name and endpoint',
      looks: [
        failing('public', 'vantage-a', 2),
        failing('public', 'vantage-b', 2),
        failing('endpoint', 'vantage-a', 2),
        failing('endpoint', 'vantage-b', 3),
      ],
      state: 'confirmed',
      region: 'us-east',
      severity: 'critical',
    },
    {
      title: 'the endpoint is down while the public name answers from elsewhere',
      looks: over(healthy(), failing('endpoint', 'vantage-a', 2), failing('endpoint', 'vantage-b', 2)),
      state: 'confirmed',
      region: 'us-east',
      severity: 'warning',
    },
    {
      title: 'failures of two targets at one vantage point each do not add up',
      looks: over(healthy(), failing('public', 'vantage-a', 5), failing('endpoint', 'vantage-b', 5)),
      state: 'suspected',
      region: 'us-east',
      severity: 'warning',
    },
    {
      title: 'a stale failing vantage point is unknown, not failing',
      looks: over(
        healthy(),
        failing('public', 'vantage-a', 2),
        failing('public', 'vantage-b', 9, at(-5)),
        failing('endpoint', 'vantage-b', 9, at(-5)),
      ),
      state: 'suspected',
      region: null,
      severity: 'warning',
    },
    {
      title: 'a stale good vantage point is unknown, not ok',
      looks: over(
        healthy(),
        look({ kind: 'public', vantage: 'vantage-b', observedAt: at(-5) }),
        look({ kind: 'endpoint', vantage: 'vantage-b', observedAt: at(-5) }),
      ),
      state: 'unknown',
      region: null,
      severity: 'warning',
    },
    {
      title: 'a vantage point that the service does not name is not counted',
      looks: over(healthy(), failing('public', 'vantage-z', 9)),
      state: 'ok',
      region: null,
      severity: 'warning',
    },
    {
      title: 'the standby region failing is not an outage',
      looks: [...healthy(), { ...failing('endpoint', 'vantage-a', 9), subject: 'us-west' }],
      state: 'ok',
      region: null,
      severity: 'warning',
    },
  ]
  it.each(table)('$title → $state', ({ looks, state, region, severity }) => {
    expect(detect(input(looks))).toMatchObject({ state, region, severity })
  })

  it('counts the public name alone while the primary region is unknown', () => {
    expect(
      detect(
        input(
          healthy().filter((each) => each.kind === 'public'),
          { primaryRegion: null },
        ),
      ).state,
    ).toBe('ok')
  })

  it('recovers only with two good looks in a row from a quorum, at the first of them', () => {
    const streak = (vantage: string, count: number, since: string) => ({ vantage, count, since })
    const looks = healthy(at(20))
    const during = { nowMs: start + 20_500, outageSince: at(10) }
    const one = [streak('vantage-a', 2, at(18.2)), streak('vantage-b', 1, at(19))]
    expect(detect(input(looks, { ...during, goodStreaks: one }))).toMatchObject({ state: 'ok', recoveredAt: null })
    const two = [streak('vantage-a', 3, at(18.2)), streak('vantage-b', 2, at(19))]
    expect(detect(input(looks, { ...during, goodStreaks: two }))).toMatchObject({
      state: 'recovered',
      recoveredAt: at(18.2),
    })
  })

  it('does not recover while the writer’s region still fails', () => {
    const looks = over(healthy(at(20)), failing('endpoint', 'vantage-a', 4, at(20)))
    const streaks = ['vantage-a', 'vantage-b'].map((vantage) => ({ vantage, count: 5, since: at(15) }))
    const result = detect(input(looks, { nowMs: start + 20_500, outageSince: at(10), goodStreaks: streaks }))
    expect(result.state).toBe('suspected')
  })
})

describe('nextIncidentMove', () => {
  const detection = (state: ReturnType<typeof detect>['state'], recoveredAt: string | null = null) => ({
    ...detect(input(healthy())),
    state,
    recoveredAt,
  })
  const open = (state: OpenIncident['state'], recoveredAt: string | null = null): OpenIncident => ({
    state,
    recoveredAt,
  })
  const table: [OpenIncident | null, ReturnType<typeof detection>, string][] = [
    [null, detection('ok'), 'nothing'],
    [null, detection('unknown'), 'nothing'],
    [null, detection('suspected'), 'open'],
    [null, detection('confirmed'), 'open'],
    [open('open'), detection('suspected'), 'nothing'],
    [open('open'), detection('unknown'), 'nothing'],
    [open('open'), detection('confirmed'), 'confirm'],
    [open('open'), detection('ok'), 'dismiss'],
    [open('confirmed'), detection('suspected'), 'nothing'],
    [open('confirmed'), detection('unknown'), 'nothing'],
    [open('confirmed'), detection('ok'), 'nothing'],
    [open('confirmed'), detection('recovered', at(3)), 'recover'],
    [open('recovered', at(0)), detection('suspected'), 'nothing'],
    [open('recovered', at(0)), detection('confirmed'), 'relapse'],
    [open('recovered', at(-59)), detection('ok'), 'nothing'],
    [open('recovered', at(-61)), detection('unknown'), 'nothing'],
    [open('recovered', at(-61)), detection('ok'), 'close'],
  ]
  it.each(table)('%j with %o → %s', (incident, seen, move) => {
    expect(nextIncidentMove(incident, seen, start).do).toBe(move)
  })

  it('never confirms a target that flaps each second', () => {
    const moves: string[] = []
    let incident: OpenIncident | null = null
    for (let second = 0; second < 20; second++) {
      const bad = second % 2 === 0
      const looks = healthy(at(second)).map((each) => (bad ? { ...each, ok: false, consecutiveFailures: 1 } : each))
      const seen = detect(input(looks, { nowMs: start + second * 1000 + 500, outageSince: incident ? at(0) : null }))
      const move = nextIncidentMove(incident, seen, start + second * 1000)
      moves.push(move.do)
      if (move.do === 'open') incident = open('open')
      if (move.do === 'dismiss') incident = null
    }
    expect(new Set(moves)).toEqual(new Set(['open', 'dismiss']))
  })
})

import { describe, expect, it } from 'vitest'
import { resumeSince, Sight, StandbyWatch } from './sight'

const rules = { selfFenceAfterMs: 30_000 }

describe('sight of the control plane', () => {
  it('counts from the issue of the nonce that came back, not from its return', () => {
    const sight = new Sight(rules, 0)
    const nonce = sight.issueNonce(1_000)
    expect(sight.controlSeenAt).toBeNull()
    expect(sight.echo(nonce)).toBe(true)
    expect(sight.controlSeenAt).toBe(1_000)
    expect(sight.selfFenceAt).toBe(31_000)
  })

  it('takes no nonce that it did not issue, and none from another start', () => {
    const sight = new Sight(rules, 0)
    const other = new Sight(rules, 0).issueNonce(5_000)
    expect(sight.echo(other)).toBe(false)
    expect(sight.echo('')).toBe(false)
    expect(sight.controlSeenAt).toBeNull()
  })

  it('never goes back when nonces return out of order', () => {
    const sight = new Sight(rules, 0)
    const [early, late] = [sight.issueNonce(1_000), sight.issueNonce(2_000)]
    sight.echo(late)
    sight.echo(early)
    expect(sight.controlSeenAt).toBe(2_000)
  })

  it('forgets old nonces and stays small', () => {
    const sight = new Sight(rules, 0)
    const old = sight.issueNonce(0)
    for (let n = 0; n < 20_000; n++) sight.issueNonce(n)
    expect(sight.echo(old)).toBe(false)
    expect(sight.echo(sight.issueNonce(20_000))).toBe(true)
  })
})

describe('when an isolated primary is to be stopped', () => {
  it('is counted from whoever was seen last', () => {
    const sight = new Sight(rules, 500)
    expect(sight.selfFenceAt).toBe(30_500)
    sight.standbySeen(4_000)
    expect(sight.selfFenceAt).toBe(34_000)
    sight.echo(sight.issueNonce(9_000))
    expect(sight.selfFenceAt).toBe(39_000)
    sight.standbySeen(7_000)
    expect(sight.selfFenceAt).toBe(39_000)
  })

  it('is never, while nobody could take over; from the first follower on it stays possible', () => {
    const sight = new Sight(rules, 0)
    expect(sight.selfFenceAt, 'not asked yet counts as followed').toBe(30_000)
    sight.successorsKnown(false)
    expect(sight.selfFenceAt).toBeNull()
    sight.successorsKnown(true)
    sight.successorsKnown(false)
    expect(sight.selfFenceAt).toBe(30_000)
    sight.begin(40_000)
    sight.successorsKnown(false)
    expect(sight.selfFenceAt, 'a new term begins without followers').toBeNull()
    sight.standbySeen(50_000)
    expect(sight.selfFenceAt).toBe(80_000)
  })

  it('waits for the first sight of a new cluster, and begins anew by order', () => {
    const sight = new Sight(rules, 0)
    sight.awaitFirst()
    expect(sight.selfFenceAt).toBeNull()
    sight.standbySeen(5_000)
    expect(sight.selfFenceAt).toBe(35_000)
    sight.begin(50_000)
    expect(sight.selfFenceAt).toBe(80_000)
    sight.begin(40_000)
    expect(sight.selfFenceAt).toBe(80_000)
  })

  it('goes on counting over a restart of the agent, with a short grace', () => {
    expect(resumeSince(100_000, null, 30_000)).toBe(100_000)
    expect(resumeSince(100_000, 95_000, 30_000)).toBe(95_000)
    expect(resumeSince(100_000, 10_000, 30_000)).toBe(73_000)
    expect(resumeSince(100_000, 200_000, 30_000)).toBe(100_000)
  })
})

describe('sight of a standby', () => {
  const row = (replyTime: string | null, state = 'streaming', pid = 7) => ({ pid, state, replyTime })

  it('needs a reply that is newer than at the last look, and dates it to that look', () => {
    const watch = new StandbyWatch()
    expect(watch.look(1_000, [row('a')])).toBeNull()
    expect(watch.look(2_000, [row('b')])).toBe(1_000)
    expect(watch.look(3_000, [row('b')])).toBeNull()
    expect(watch.look(4_000, [row('b')])).toBeNull()
    expect(watch.look(5_000, [row('c')])).toBe(4_000)
  })

  it('does not count a copy in progress, a silent row or a new connection', () => {
    const watch = new StandbyWatch()
    watch.look(1_000, [row('a', 'backup'), row(null, 'streaming', 8)])
    expect(watch.look(2_000, [row('b', 'backup'), row('x', 'streaming', 8)])).toBeNull()
    expect(watch.look(3_000, [row('x', 'streaming', 9)])).toBeNull()
  })
})

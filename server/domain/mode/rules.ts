import type { ModeFacts, Sight } from './mode-facts'
import { lossRule, planRules } from './plan-rules'
import type { Rule } from './rule'

/** One vantage point may be cut off itself: it takes another to tell an outage from that. */
const leastVantagePoints = 2

const failing = (sights: readonly Sight[]) => sights.filter((each) => each.verdict === 'failing')
const fine = (sights: readonly Sight[]) => sights.filter((each) => each.verdict === 'ok')
const distinct = (sights: readonly Sight[]): number => new Set(sights.map((each) => each.vantage)).size
const names = (sights: readonly Sight[]): string => sights.map((each) => each.vantage).join(' and ')
const newest = (sights: readonly Sight[]): string | null =>
  sights.reduce<string | null>(
    (best, { observedAt }) => (observedAt && (best === null || observedAt > best) ? observedAt : best),
    null,
  )

const stops: readonly Rule[] = [
  {
    code: 'mode.allows',
    scope: 'both',
    judge: ({ mode }) => ({
      holds: mode !== 'manual',
      words: {
        manual: 'The mode is manual: only a person asks for a failover.',
        assisted: 'The mode is assisted: a confirmed outage drafts the failover, and a person approves it.',
        automatic: 'The mode is automatic: a confirmed outage is failed over without asking.',
      }[mode],
    }),
  },
  killSwitch('kill-switch.service', 'this service', (facts) => facts.killSwitches.service),
  killSwitch('kill-switch.all', 'all services', (facts) => facts.killSwitches.all),
  {
    code: 'maintenance.none',
    scope: 'both',
    judge: ({ maintenance }) => ({
      holds: maintenance === null,
      words: maintenance
        ? `Maintenance is announced until ${maintenance.endsAt}: ${maintenance.reason}`
        : 'No maintenance is announced for now.',
    }),
  },
  {
    code: 'standing-approval.valid',
    scope: 'act',
    judge: ({ standing }) => {
      if (!standing) return { holds: false, words: 'There is no standing approval: nobody has asked for one.' }
      if (standing.state === 'valid') {
        return {
          holds: true,
          words: `Standing approval ${standing.id.slice(0, 8)} of ${standing.approvers.join(' and ')} holds until ${standing.expiresAt}.`,
        }
      }
      return { holds: false, words: `There is no valid standing approval: ${standing.problems.join('; ')}.` }
    },
  },
]

function killSwitch(
  code: string,
  what: string,
  read: (facts: ModeFacts) => ModeFacts['killSwitches']['service'],
): Rule {
  return {
    code,
    scope: 'both',
    judge: (facts) => {
      const found = read(facts)
      const on = found?.on === true
      return {
        holds: !on,
        words: on
          ? `The kill switch of ${what} is on (${found.changedBy}: ${found.reason}).`
          : `The kill switch of ${what} is off.`,
        observedAt: found?.changedAt ?? null,
      }
    },
  }
}

const outage: readonly Rule[] = [
  {
    code: 'incident.confirmed',
    scope: 'both',
    settles: true,
    onlyThen: true,
    judge: ({ incident, from }) => ({
      holds: incident?.state === 'confirmed' && incident.region === from.region,
      words:
        incident?.state === 'confirmed'
          ? incident.region === from.region
            ? `The outage of ${from.name} is confirmed.`
            : `What is confirmed is not an outage of ${from.name}.`
          : `No outage of ${from.name} is confirmed.`,
      observedAt: incident?.confirmedAt ?? null,
    }),
  },
  {
    code: 'outage.quorum',
    scope: 'both',
    settles: true,
    onlyThen: true,
    judge: ({ from, policy, failuresToConfirm }) => {
      const seen = failing(from.sights).filter((each) => each.failures >= failuresToConfirm)
      return {
        holds: distinct(seen) >= policy.quorum,
        words: `${distinct(seen)} of ${policy.quorum} vantage points have seen ${from.name} fail ${failuresToConfirm} times in a row.`,
        observedAt: newest(seen),
      }
    },
  },
  {
    code: 'outage.unanimous',
    scope: 'both',
    settles: true,
    onlyThen: true,
    judge: ({ from }) => {
      const answering = fine(from.sights)
      return {
        holds: answering.length === 0,
        words:
          answering.length === 0
            ? `No vantage point has had an answer from ${from.name} lately.`
            : `${from.name} answers ${names(answering)}: it may be the others that are cut off.`,
        observedAt: newest(answering),
      }
    },
  },
  {
    code: 'sight.enough',
    scope: 'act',
    settles: true,
    judge: ({ from, policy }) => {
      const looking = from.sights.filter((each) => each.verdict !== 'unknown')
      const needed = Math.max(leastVantagePoints, policy.quorum)
      return {
        holds: distinct(looking) >= needed ? true : null,
        words: `${distinct(looking)} vantage points look at ${from.name} now; ${needed} are needed, so that one that is cut off itself decides nothing.`,
        observedAt: newest(looking),
      }
    },
  },
  {
    code: 'region.healthy',
    scope: 'act',
    settles: true,
    judge: ({ to, policy }) => {
      const bad = failing(to.sights)
      const good = fine(to.sights)
      return {
        holds: bad.length > 0 ? false : distinct(good) >= policy.quorum ? true : null,
        words:
          bad.length > 0
            ? `${to.name} does not answer ${names(bad)}.`
            : `${to.name} answers ${distinct(good)} of ${policy.quorum} vantage points that have to see it.`,
        observedAt: newest([...bad, ...good]),
      }
    },
  },
]

const bounds: readonly Rule[] = [
  {
    code: 'run.none-open',
    scope: 'both',
    judge: ({ activeRun, waitingRun }) => ({
      holds: activeRun === null && waitingRun === null,
      words: activeRun
        ? `Run ${activeRun.id.slice(0, 8)} (${activeRun.kind}) is ${activeRun.state}.`
        : waitingRun
          ? `Run ${waitingRun.id.slice(0, 8)} (${waitingRun.kind}) waits for approval: a person is on it.`
          : 'No run of this service is active or waits for approval.',
    }),
  },
  {
    code: 'incident.first-run',
    scope: 'both',
    judge: ({ opened }) => {
      const decided = opened.drafts.find((each) => each.state !== 'superseded')
      return {
        holds: opened.automatic === 0 && decided === undefined,
        words:
          opened.automatic > 0
            ? 'This incident has had its one automatic failover.'
            : decided
              ? `This incident has had its draft: run ${decided.runId.slice(0, 8)} is ${decided.state}.`
              : 'Nothing was opened for this incident yet; one incident gets one run.',
      }
    },
  },
  {
    code: 'cool-down.over',
    scope: 'act',
    judge: ({ lastAutomatic, policy, nowMs }) => {
      if (!lastAutomatic) return { holds: true, words: 'There was no automatic failover before that had to cool down.' }
      const { at, acknowledgedAt } = lastAutomatic
      if (acknowledgedAt === null) {
        return { holds: false, words: `The automatic failover at ${at} waits for a person to acknowledge it.` }
      }
      const overAt = Date.parse(at) + policy.coolDownMinutes * 60_000
      return {
        holds: nowMs >= overAt,
        words:
          nowMs >= overAt
            ? `The automatic failover at ${at} was acknowledged, and its cool-down is over.`
            : `The automatic failover at ${at} was acknowledged; the next may follow after ${new Date(overAt).toISOString()}.`,
      }
    },
  },
]

/** Every rule, in the order in which a page tells them. To act, all must hold. */
export const rules: readonly Rule[] = [...stops, ...outage, ...planRules, lossRule, ...bounds]

import { toJson } from '@/server/domain/json'
import { decideAutomatic } from '@/server/domain/mode/decide-automatic'
import type { ModeFacts, Switch } from '@/server/domain/mode/mode-facts'
import { votesRequired } from '@/server/domain/mode/standing-approval'
import { whatHappens } from '@/server/domain/mode/what-happens'
import { may, type Right, rolesWith } from '@/server/domain/rights'
import { activeRunStates } from '@/server/domain/run/states'
import type { Context } from '@/server/services/context'
import { gatherModeFacts, type JudgedStanding } from '@/server/services/mode/gather-mode-facts'
import { notFound } from './access'
import type { Capability } from './dto/common'
import type { ModeView, StandingApprovalView } from './dto/mode'
import { memberOr, whoText } from './read'

/** What would happen by itself if the primary's region died now, and why not. @throws ServiceError not-found */
export async function getMode(ctx: Context, serviceId: string): Promise<ModeView> {
  if (!may(ctx.grants, 'service.read', serviceId)) throw notFound('service')
  const { facts, service, standing } = await gatherModeFacts(ctx, ctx.db, serviceId)
  const decision = decideAutomatic(facts)
  const { region, name } = facts.from
  return {
    service: serviceId,
    serviceName: service.config.name,
    mode: facts.mode,
    asked: facts.asked,
    verdict: decision.verdict,
    sentence: whatHappens(facts, decision),
    from: { region, name },
    to: { region: facts.to.region, name: facts.to.name },
    rules: decision.reasons,
    killSwitch: { service: switchView(facts.killSwitches.service), all: switchView(facts.killSwitches.all) },
    coolDown: coolDownView(facts),
    standingApprovals: standing.map((each) => standingView(ctx, each)),
    maintenance: await maintenanceView(ctx, serviceId, facts.nowMs),
    policy: facts.policy,
    can: await buttons(ctx, serviceId, facts),
    observedAt: new Date(facts.nowMs).toISOString(),
  }
}

function switchView(found: Switch | null): ModeView['killSwitch']['service'] {
  return found ?? { on: false, reason: null, changedAt: null, changedBy: null }
}

function coolDownView({ lastAutomatic, policy }: ModeFacts): ModeView['coolDown'] {
  if (!lastAutomatic) return null
  const endsAt = new Date(Date.parse(lastAutomatic.at) + policy.coolDownMinutes * 60_000).toISOString()
  return { ...lastAutomatic, endsAt }
}

/** What is announced, also for later. */
async function maintenanceView(ctx: Context, serviceId: string, nowMs: number): Promise<ModeView['maintenance']> {
  const row = await ctx.db.announcedMaintenance.findFirst({
    where: { serviceId, cancelledAt: null, endsAt: { gt: new Date(nowMs) } },
    orderBy: { startsAt: 'asc' },
  })
  if (!row) return null
  const { id, reason } = row
  return { id, reason, startsAt: row.startsAt.toISOString(), endsAt: row.endsAt.toISOString() }
}

function standingView(ctx: Context, { record, judgement }: JudgedStanding): StandingApprovalView {
  const { revokedAt } = record
  return {
    id: record.id,
    state: judgement.state,
    problems: judgement.problems,
    digest: record.digest,
    document: toJson(record.document),
    requester: whoText(record.requester),
    reason: record.reason,
    requestedAt: record.requestedAt,
    expiresAt: record.expiresAt,
    votes: record.ballots.map((each) => ({
      voter: whoText(each.voter),
      decision: memberOr(['approve', 'reject'], each.decision, 'reject'),
      comment: each.comment,
      decidedAt: each.decidedAt,
    })),
    votesRequired,
    revoked:
      revokedAt === null ? null : { at: revokedAt, by: whoText(record.revokedBy), reason: record.revokeReason ?? '' },
    can: { vote: mayVote(ctx, record, judgement.state), revoke: mayRevoke(ctx, record.service, judgement.state) },
  }
}

const yes: Capability = { allowed: true, reason: null }
const no = (reason: string): Capability => ({ allowed: false, reason })

function needs(ctx: Context, right: Right, where: string): Capability {
  return may(ctx.grants, right, where)
    ? yes
    : no(`This needs the role ${rolesWith(right).join(' or ')} on ${where === '*' ? 'every service' : 'this service'}.`)
}

function mayVote(ctx: Context, record: JudgedStanding['record'], state: string): Capability {
  if (state !== 'requested') return no('It does not wait for a decision.')
  if (record.requesterId === ctx.actor.id) return no('Nobody decides on what they asked for.')
  if (record.ballots.some((each) => each.userId === ctx.actor.id)) return no('You have decided on it already.')
  return needs(ctx, 'run.approve', record.service)
}

function mayRevoke(ctx: Context, service: string, state: string): Capability {
  if (state !== 'requested' && state !== 'valid') return no('It does not hold any more.')
  return needs(ctx, 'automatic.stop', service)
}

async function buttons(ctx: Context, service: string, facts: ModeFacts): Promise<ModeView['can']> {
  return {
    stop: needs(ctx, 'automatic.stop', service),
    stopAll: needs(ctx, 'automatic.stop', '*'),
    allow: needs(ctx, 'automatic.allow', service),
    allowAll: needs(ctx, 'automatic.allow', '*'),
    acknowledge: await mayAcknowledge(ctx, service, facts),
    requestStandingApproval:
      facts.mode === 'automatic'
        ? needs(ctx, 'run.request', service)
        : no(`The mode is ${facts.mode}; a standing approval is for automatic mode.`),
  }
}

async function mayAcknowledge(ctx: Context, service: string, { lastAutomatic }: ModeFacts): Promise<Capability> {
  if (!lastAutomatic || lastAutomatic.acknowledgedAt !== null) return no('Nothing waits to be acknowledged.')
  const active = await ctx.db.run.count({ where: { id: lastAutomatic.runId, state: { in: [...activeRunStates] } } })
  if (active > 0) return no('It can be acknowledged once the run has ended.')
  return needs(ctx, 'incident.acknowledge', service)
}

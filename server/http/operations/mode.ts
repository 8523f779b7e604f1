import { z } from 'zod'
import { modeView } from '@/server/queries/dto/mode'
import { decisionBody } from '@/server/queries/dto/run'
import { getMode } from '@/server/queries/mode'
import { acknowledgeFailover } from '@/server/services/mode/acknowledge-failover'
import { announceMaintenance, cancelMaintenance, maintenanceBody } from '@/server/services/mode/announce-maintenance'
import { reasonText } from '@/server/services/mode/common'
import { revokeStandingApproval, voteOnStandingApproval } from '@/server/services/mode/decide-standing-approval'
import { requestStandingApproval, standingApprovalBody } from '@/server/services/mode/request-standing-approval'
import { killSwitchBody, setKillSwitch } from '@/server/services/mode/set-kill-switch'
import { defineOperation, noBody, noQuery } from '../operation'
import { idText, serviceParams } from './common'

const path = '/api/v1/services/{service}/mode'
/** Each answers with the page as it is after the change: whoever changed it sees what it means. */
const answer = { status: 200, schema: modeView }
const withId = z.strictObject({ service: idText, id: idText })
const reasonBody = z.strictObject({ reason: reasonText })

export const getModeOperation = defineOperation({
  id: 'getMode',
  method: 'GET',
  path,
  right: 'service.read',
  summary:
    'What happens by itself if the primary’s region dies now: every rule with whether it holds, kill switch, cool-down, standing approvals.',
  params: serviceParams,
  query: noQuery,
  body: noBody,
  response: answer,
  idempotent: false,
  handle: (context, { params }) => getMode(context, params.service),
})

export const setKillSwitchOperation = defineOperation({
  id: 'setKillSwitch',
  method: 'POST',
  path: `${path}/kill-switch`,
  // Turning it off needs automatic.allow beside this; the verb sees to that.
  right: 'automatic.stop',
  action: 'kill-switch.set',
  summary: 'Turns the kill switch of the service, or of all services, on or off.',
  params: serviceParams,
  query: noQuery,
  body: killSwitchBody,
  response: answer,
  idempotent: true,
  async handle(context, { params, body }) {
    await setKillSwitch(context, { ...params, ...body })
    return getMode(context, params.service)
  },
})

export const acknowledgeFailoverOperation = defineOperation({
  id: 'acknowledgeAutomaticFailover',
  method: 'POST',
  path: `${path}/acknowledge`,
  right: 'incident.acknowledge',
  action: 'automatic-failover.acknowledge',
  summary: 'Says that a person has looked at the automatic failover: ends its cool-down.',
  params: serviceParams,
  query: noQuery,
  body: reasonBody,
  response: answer,
  idempotent: true,
  async handle(context, { params, body }) {
    await acknowledgeFailover(context, { ...params, ...body })
    return getMode(context, params.service)
  },
})

export const requestStandingApprovalOperation = defineOperation({
  id: 'requestStandingApproval',
  method: 'POST',
  path: `${path}/standing-approvals`,
  right: 'run.request',
  action: 'standing-approval.request',
  summary: 'Asks for a standing approval of exactly the rules that are configured now; two others have to say yes.',
  params: serviceParams,
  query: noQuery,
  body: standingApprovalBody,
  response: { ...answer, status: 201 },
  idempotent: true,
  async handle(context, { params, body }) {
    await requestStandingApproval(context, { ...params, ...body })
    return getMode(context, params.service)
  },
})

export const voteStandingApprovalOperation = defineOperation({
  id: 'voteOnStandingApproval',
  method: 'POST',
  path: `${path}/standing-approvals/{id}/votes`,
  right: 'run.approve',
  action: 'standing-approval.vote',
  summary: 'A person’s yes or no to exactly the rules of a standing approval.',
  params: withId,
  query: noQuery,
  body: z.strictObject(decisionBody.shape),
  response: answer,
  idempotent: true,
  async handle(context, { params, body }) {
    await voteOnStandingApproval(context, { ...params, ...body })
    return getMode(context, params.service)
  },
})

export const revokeStandingApprovalOperation = defineOperation({
  id: 'revokeStandingApproval',
  method: 'POST',
  path: `${path}/standing-approvals/{id}/revoke`,
  right: 'automatic.stop',
  action: 'standing-approval.revoke',
  summary: 'Ends a standing approval at once.',
  params: withId,
  query: noQuery,
  body: reasonBody,
  response: answer,
  idempotent: true,
  async handle(context, { params, body }) {
    await revokeStandingApproval(context, { ...params, ...body })
    return getMode(context, params.service)
  },
})

export const announceMaintenanceOperation = defineOperation({
  id: 'announceMaintenance',
  method: 'POST',
  path: `${path}/maintenance`,
  right: 'automatic.stop',
  action: 'maintenance.announce',
  summary: 'Announces work during which nothing is done automatically; at most 24 hours at a time.',
  params: serviceParams,
  query: noQuery,
  body: maintenanceBody,
  response: { ...answer, status: 201 },
  idempotent: true,
  async handle(context, { params, body }) {
    await announceMaintenance(context, { ...params, ...body })
    return getMode(context, params.service)
  },
})

export const cancelMaintenanceOperation = defineOperation({
  id: 'cancelMaintenance',
  method: 'POST',
  path: `${path}/maintenance/{id}/cancel`,
  right: 'automatic.allow',
  action: 'maintenance.cancel',
  summary: 'Ends announced work before its time.',
  params: withId,
  query: noQuery,
  body: noBody.or(z.strictObject({})),
  response: answer,
  idempotent: true,
  async handle(context, { params }) {
    await cancelMaintenance(context, params)
    return getMode(context, params.service)
  },
})

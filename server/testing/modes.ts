import type { ServiceConfig } from '@/server/domain/service-config'
import type { Context } from '@/server/services/context'
import { type Acted, actOnOutage } from '@/server/services/mode/act-on-outage'
import { voteOnStandingApproval } from '@/server/services/mode/decide-standing-approval'
import { requestStandingApproval } from '@/server/services/mode/request-standing-approval'
import { startTestControlPlane } from './control-plane'

/** A control plane with people on duty, for tests of what is done by itself. */
export type TestModes = Awaited<ReturnType<typeof startTestModes>>

export const reason = 'so that nights are quiet'
export const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString()

/** The facts' agents spoke at a fixed moment long ago: how old their word is, is not what is tried here. */
const inMode = (mode: ServiceConfig['mode']) => (config: ServiceConfig) => ({
  ...config,
  mode,
  policies: {
    ...config.policies,
    automatic: { ...config.policies.automatic, maxSightAgeSeconds: 1e9, coolDownMinutes: 0 },
  },
})

export async function startTestModes(net: number) {
  const control = await startTestControlPlane(net)
  const { db } = control
  const operator = await control.person('operator')
  const ann = await control.person('approver')
  const bo = await control.person('approver')
  const worker: Context = { ...operator, actor: { type: 'worker', id: 'worker-a', vantage: 'vantage-a' }, grants: [] }

  const ask = (service: string, who = operator) =>
    requestStandingApproval(who, { service, expiresAt: tomorrow(), reason })
  const yes = async (who: Context, service: string, id: string, digest?: string) => {
    const given = digest ?? (await db.standingApproval.findUniqueOrThrow({ where: { id } })).digest
    return voteOnStandingApproval(who, { service, id, decision: 'approve', digest: given, comment: 'read' })
  }
  const approved = async (service: string): Promise<string> => {
    const { id } = await ask(service)
    await yes(ann, service, id)
    const { state } = await yes(bo, service, id)
    if (state !== 'valid') throw new Error(`The standing approval is ${state}`)
    return id
  }
  const act = (service: string): Promise<Acted> => actOnOutage(worker, service, 'worker-a')
  const started = async (service: string): Promise<string> => {
    const acted = await act(service)
    if (acted.did !== 'started') throw new Error(`It ${acted.did}`)
    return acted.runId
  }
  return {
    ...{ control, db, operator, ann, bo, worker, ask, yes, approved, act, started },
    lostService: (mode: ServiceConfig['mode']) => control.lostService(inMode(mode)),
    runsOf: (serviceId: string) => db.run.findMany({ where: { serviceId }, orderBy: { requestedAt: 'asc' } }),
    moveIncident: (serviceId: string, state: string) =>
      db.incident.updateMany({ where: { serviceId }, data: { state } }),
  }
}

/** Who may do what. Refused unless a row says yes. Rights are per service; `*` in a grant means every service. */
export const roles = ['viewer', 'operator', 'approver', 'auditor', 'admin'] as const
export type Role = (typeof roles)[number]

export const rights = [
  'service.read',
  'run.read',
  'run.request',
  'run.control',
  'run.approve',
  'run.break-glass',
  'run.review',
  'commit-window.decide',
  'audit.read',
  'incident.read',
  'incident.acknowledge',
  'config.apply',
  /** Takes power away from Lifeboat: kill switch on, standing approval revoked, maintenance announced. */
  'automatic.stop',
  /** Gives it back: kill switch off. */
  'automatic.allow',
] as const
export type Right = (typeof rights)[number]

const granted: Record<Role, readonly Right[]> = {
  viewer: ['service.read', 'run.read', 'incident.read'],
  operator: [
    'service.read',
    'run.read',
    'incident.read',
    'audit.read',
    'run.request',
    'run.control',
    'commit-window.decide',
    'incident.acknowledge',
    'automatic.stop',
  ],
  approver: [
    'service.read',
    'run.read',
    'incident.read',
    'audit.read',
    'run.approve',
    'run.review',
    'commit-window.decide',
    'incident.acknowledge',
    'automatic.stop',
    'automatic.allow',
  ],
  auditor: ['service.read', 'run.read', 'incident.read', 'audit.read', 'run.review'],
  admin: [
    'service.read',
    'run.read',
    'incident.read',
    'audit.read',
    'run.request',
    'run.control',
    'run.approve',
    'run.break-glass',
    'run.review',
    'commit-window.decide',
    'incident.acknowledge',
    'config.apply',
    'automatic.stop',
    'automatic.allow',
  ],
}

/** `only`, where it is there, narrows the role to these rights: an API token that may do less than its owner. */
export type Grant = { role: Role; service: string; only?: readonly Right[] }

/** Whether grants give a right on a service. `service` null asks: on any service at all. */
export function may(grants: readonly Grant[], right: Right, service: string | null): boolean {
  return grants.some(
    (grant) =>
      granted[grant.role].includes(right) &&
      (!grant.only || grant.only.includes(right)) &&
      (service === null || grant.service === '*' || grant.service === service),
  )
}

/** The roles that carry a right, for "who could do this". */
export function rolesWith(right: Right): Role[] {
  return roles.filter((role) => granted[role].includes(right))
}

import type { RegionView } from '@/server/queries/dto/service'

type Seen = Pick<RegionView['servers'][number], 'role' | 'health'>

/** The role as it may be said: what was seen of a server that does not answer now is the past, and no claim about the present. */
export function roleText({ role, health }: Seen): string {
  if (role === null) return 'role unknown'
  return health === 'ok' || health === 'degraded' ? role : `was ${role} when last seen`
}

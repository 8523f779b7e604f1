import type { Health } from '@/server/queries/dto/common'
import type { ServiceView } from '@/server/queries/dto/service'

/** What may not be known is not shown as fine: `unknown` has its own shape. */
export const readinessLooks: Record<ServiceView['readiness']['status'], { health: Health; word: string }> = {
  ready: { health: 'ok', word: 'ready' },
  'not-ready': { health: 'down', word: 'not ready' },
  unknown: { health: 'unknown', word: 'not known' },
}

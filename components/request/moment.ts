import type { ServiceView } from '@/server/queries/dto/service'

export type DelayedStandby = { id: string } & NonNullable<ServiceView['regions'][number]['servers'][number]['delayed']>

export function delayedStandbys(service: ServiceView): DelayedStandby[] {
  return service.regions.flatMap((region) =>
    region.servers.flatMap((server) => (server.delayed ? [{ id: server.id, ...server.delayed }] : [])),
  )
}

/** What a person may type: `2026-11-22 22:41:07`, with a blank or a T, with or without a Z. Always UTC. */
const typed = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z?$/

/** @returns the instant, or null for what is no moment */
export function momentOf(text: string): string | null {
  const found = typed.exec(text.trim())
  if (!found) return null
  const instant = `${found[1]}T${found[2]}Z`
  const parsed = new Date(instant)
  // 31 February is read as a day in March: then it does not say the same day again.
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== found[1] ? null : instant
}

export function momentText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
}

/** Midway between what is applied and now: inside the window whatever the clocks say, and never taken for an answer. */
export function suggestedMoment(standby: Pick<DelayedStandby, 'appliedUpTo' | 'delaySeconds'>, nowMs: number): string {
  const applied = standby.appliedUpTo ? Date.parse(standby.appliedUpTo) : nowMs - standby.delaySeconds * 1000
  const middle = Math.floor((applied + nowMs) / 2000) * 1000
  return new Date(middle).toISOString().replace('.000Z', 'Z')
}

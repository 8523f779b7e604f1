import { z } from 'zod'
import { type Link, regions, viewers } from '@/lab/addressing'

/**
 * What a link suffers. `cut-in` and `cut-out` are seen from the zone: nothing gets in to it, or nothing out of it.
 * `slow` delays each chunk, each way.
 */
export const modes = ['open', 'cut', 'cut-in', 'cut-out', 'slow'] as const
export type Mode = (typeof modes)[number]

export const faultRequest = z
  .object({
    zone: z.enum(regions),
    viewers: z.array(z.enum(viewers)).min(1),
    mode: z.enum(modes),
    ms: z.int().min(1).max(60_000).optional(),
  })
  .refine((fault) => fault.mode !== 'slow' || fault.ms !== undefined, { message: 'slow needs ms', path: ['ms'] })
  .refine((fault) => fault.viewers.every((viewer) => viewer !== fault.zone), {
    message: 'a region has no link to itself',
    path: ['viewers'],
  })
export type FaultRequest = z.infer<typeof faultRequest>

/** The state of one link: which bytes are held, and for how long the others are delayed. */
export interface LinkFault {
  mode: Mode
  /** Milliseconds; 0 unless `slow`. */
  delayMs: number
}

export const noFault: LinkFault = { mode: 'open', delayMs: 0 }

const mirrored: Record<Mode, Mode> = {
  open: 'open',
  cut: 'cut',
  'cut-in': 'cut-out',
  'cut-out': 'cut-in',
  slow: 'slow',
}

/**
 * What a request does to one link; undefined when it is not meant. Between two regions there is one cable with two
 * links on it: what gets in to the one no longer gets out of the other.
 */
export function faultOf(link: Pick<Link, 'viewer' | 'zone'>, request: FaultRequest): LinkFault | undefined {
  const delayMs = request.mode === 'slow' ? (request.ms ?? 0) : 0
  if (link.zone === request.zone && request.viewers.includes(link.viewer)) return { mode: request.mode, delayMs }
  const zoneIsMeant = request.viewers.some((viewer) => viewer === link.zone)
  if (link.viewer === request.zone && zoneIsMeant) return { mode: mirrored[request.mode], delayMs }
  return undefined
}

/** Bytes from the viewer to the zone wait. */
export const holdsInward = (fault: LinkFault) => fault.mode === 'cut' || fault.mode === 'cut-in'
/** Bytes from the zone to the viewer wait. */
export const holdsOutward = (fault: LinkFault) => fault.mode === 'cut' || fault.mode === 'cut-out'

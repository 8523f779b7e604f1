import { z } from 'zod'

/** The file through which a region's cluster tells its endpoint where to send requests. */
export const backendsFile = z.object({
  backends: z.array(z.object({ host: z.string(), port: z.int(), name: z.string() })),
  /** How many there are meant to be. */
  desired: z.int(),
  updatedAt: z.string(),
})
export type BackendsFile = z.infer<typeof backendsFile>
export type Backend = BackendsFile['backends'][number]

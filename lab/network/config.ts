import { z } from 'zod'

export const networkConfig = z.object({
  net: z.int().min(1).max(254),
  listen: z.object({ host: z.ipv4(), port: z.int().min(1).max(65535) }),
  tokenFile: z.string().min(1),
  /** Faults outlive a restart of this process: a cut does not heal because who made it crashed. */
  stateFile: z.string().min(1),
})

export type NetworkConfig = z.infer<typeof networkConfig>

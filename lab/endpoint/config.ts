import { z } from 'zod'

export const endpointConfig = z.object({
  listen: z.object({ host: z.ipv4(), port: z.int().min(1).max(65535).default(18080) }),
  region: z.string().min(1),
  /** Written by the cluster of the region. */
  backendsFile: z.string().min(1),
  connectTimeoutMs: z.int().min(10).default(500),
  /** From the request to the last byte of a backend's answer. */
  requestTimeoutMs: z.int().min(10).default(3_000),
  healthTimeoutMs: z.int().min(10).default(1_500),
})

export type EndpointConfig = z.infer<typeof endpointConfig>

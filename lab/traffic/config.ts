import { z } from 'zod'

const port = z.int().min(1).max(65535)

export const trafficConfig = z.object({
  listen: z.object({ host: z.ipv4(), port: port.default(15383) }),
  tokenFile: z.string().min(1),
  /** The public name, and the port behind it. */
  name: z.string().min(1),
  port: port.default(18080),
  /** `address:port`; users are spread over them evenly. */
  resolvers: z.array(z.string().regex(/^[\d.]+:\d+$/, 'address:port')).min(1),
  createsPerSecond: z.number().min(0).default(20),
  followsPerSecond: z.number().min(0).default(60),
  /** A share of the users reaches the service by a name that both regions serve. */
  shared: z
    .object({ name: z.string().min(1), share: z.number().min(0).max(1) })
    .nullable()
    .default(null),
  /** Of one request, name look-up included. */
  timeoutMs: z.int().min(10).default(1_000),
  ledgerFile: z.string().min(1),
  /** Start sending at once; otherwise POST /start. */
  autostart: z.boolean().default(true),
})

export type TrafficConfig = z.infer<typeof trafficConfig>

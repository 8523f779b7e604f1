import { z } from 'zod'

export const storeConfig = z.object({
  listen: z.object({ host: z.ipv4(), port: z.int().min(1).max(65535).default(19000) }),
  /** What clients sign as the region. */
  region: z.string().min(1).default('us-east-1'),
  dataDirectory: z.string().min(1),
  credentials: z.array(z.object({ accessKeyId: z.string().min(1), secretAccessKeyFile: z.string().min(1) })).min(1),
  /** Created at start when missing. */
  buckets: z.array(z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name')).default([]),
  /** `bucket/prefix`: GET and HEAD of objects below need no credentials. A health checker reads the traffic switch so. */
  publicRead: z.array(z.string().min(1)).default([]),
})

export type StoreConfig = z.infer<typeof storeConfig>

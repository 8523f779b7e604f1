import { z } from 'zod'

const port = z.coerce.number().int().min(1).max(65535)

/** An instance is configured by its environment, as a container is. `node shortener.mjs` takes no file. */
export const shortenerConfig = z.object({
  /** The writer. Names are looked up in HOSTS_FILE once, at start. */
  DATABASE_HOST: z.string().min(1),
  DATABASE_PORT: port.default(15432),
  /** Where links are read; absent: the writer. */
  READER_HOST: z.string().min(1).optional(),
  READER_PORT: port.default(15432),
  DATABASE_NAME: z.string().min(1),
  DATABASE_USER: z.string().min(1),
  DATABASE_PASSWORD_FILE: z.string().min(1),
  CACHE_HOST: z.string().min(1),
  CACHE_PORT: port.default(16379),
  CACHE_PASSWORD_FILE: z.string().min(1).optional(),
  REGION: z.string().min(1),
  /** Region's part of an id, 0 to 31. */
  DATACENTER_ID: z.coerce.number().int().min(0).max(31),
  /** The instance's part of an id, 0 to 31; given by the cluster. */
  INSTANCE: z.coerce.number().int().min(0).max(31),
  HOST: z.ipv4(),
  PORT: port,
  /** `{"db-east-1.lab": "127.42.1.11", …}`; absent: names are resolved by the system. */
  HOSTS_FILE: z.string().min(1).optional(),
})

export type ShortenerConfig = z.infer<typeof shortenerConfig>

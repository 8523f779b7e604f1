import { z } from 'zod'

/** A host name or address that may enter a connection string or a URL: no `=`, no blanks, no scheme, no leading dash. */
export const hostName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'a host name or an IPv4 address')
export const slotName = z.string().regex(/^[a-z0-9_]{1,63}$/, 'lower-case letters, digits and underscores')
const roleName = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, 'a plain lower-case role name')
const port = z.int().min(1).max(65535)
const absolutePath = z.string().startsWith('/')

export const upstream = z.object({ host: hostName, port, slot: slotName })
export type Upstream = z.infer<typeof upstream>

/** The PostgreSQL server that this agent alone starts and stops. */
export const postgresConfig = z.object({
  host: hostName,
  port,
  binDirectory: absolutePath,
  dataDirectory: absolutePath,
  /** Who PostgreSQL runs as when the agent is root; null when the agent runs as that user itself. */
  osUser: z.string().min(1).nullable(),
  superuser: roleName.default('postgres'),
  superuserPasswordFile: absolutePath,
  replicationUser: roleName,
  replicationPasswordFile: absolutePath,
  monitorUser: roleName,
  monitorPasswordFile: absolutePath,
  databaseName: roleName,
  /** Added to the agent's own settings; what guards the data (fsync, signal, upstream) cannot be overridden. */
  settings: z.record(z.string().regex(/^[a-z_][a-z0-9_.]*$/), z.string().regex(/^[^\n\r]*$/)).default({}),
  /** Who may connect, with scram-sha-256; the superuser only from this host. */
  allowedNetworks: z.array(z.union([z.cidrv4(), z.cidrv6()])).default(['127.0.0.0/8']),
  /** JSON, name → address: looked up before an upstream's name goes to libpq. */
  hostsFile: absolutePath.optional(),
})

/** What `node agent.mjs <config.json>` reads. Secrets are files, never values. */
export const agentConfig = z
  .object({
    serverId: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'lower-case letters, digits and dashes'),
    listen: z.object({ host: hostName, port }),
    postgres: postgresConfig,
    tokenFile: absolutePath,
    /** Beside the data directory, on the same machine, never inside it. */
    stateDirectory: absolutePath,
    initialRole: z.enum(['primary', 'standby']),
    /** Where a standby takes its first copy from. */
    follow: upstream.optional(),
    /** How long this server waits before it applies what was committed: a delayed standby. It receives at once all the same. */
    applyDelayMs: z.int().min(0).max(2_147_483_647).default(0),
    /** A primary that has followers is stopped by this long after it last saw the control plane or a standby, whichever was later. */
    selfFenceAfterMs: z.int().min(1_000),
    heartbeatIntervalMs: z.int().min(100).default(1_000),
  })
  .refine((config) => config.initialRole === 'primary' || config.follow !== undefined, {
    message: 'a standby needs an upstream for its first copy',
    path: ['follow'],
  })
  .refine((config) => !`${config.stateDirectory}/`.startsWith(`${config.postgres.dataDirectory}/`), {
    message: 'the state directory must not be inside the data directory, which base copies replace',
    path: ['stateDirectory'],
  })

export type AgentConfig = z.infer<typeof agentConfig>
/** As it is written by whoever sets up a host: defaults may be left out. */
export type AgentConfigInput = z.input<typeof agentConfig>

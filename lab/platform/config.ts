import { z } from 'zod'
import { regions } from '@/lab/addressing'

const absolutePath = z.string().startsWith('/')

export const processConfig = z.object({
  name: z.string().regex(/^[a-z0-9-]+$/),
  program: absolutePath,
  args: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  logFile: absolutePath,
})

export const hostConfig = z.object({
  hostId: z.string().regex(/^[a-z0-9-]+$/),
  region: z.enum(regions),
  /** Everything of the host works here or below, in its real place (no symbolic link). */
  directory: absolutePath,
  processes: z.array(processConfig).min(1),
  /** What stops in a grey failure: the processes of this name and the postmaster of this data directory. */
  grey: z.object({ process: z.string(), dataDirectory: absolutePath }).optional(),
})

export const platformConfig = z.object({
  listen: z.object({ host: z.ipv4(), port: z.int().min(1).max(65535) }),
  /** What Lifeboat holds: hosts, power off, power on. */
  tokenFile: absolutePath,
  /** What the lab holds: the same, and faults. */
  labTokenFile: absolutePath,
  stateFile: absolutePath,
  hosts: z.array(hostConfig).min(1),
})

export type ProcessConfig = z.infer<typeof processConfig>
export type HostConfig = z.infer<typeof hostConfig>
export type PlatformConfig = z.infer<typeof platformConfig>

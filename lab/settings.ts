import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** The checkout that this file is in. */
export const repository = resolve(fileURLToPath(import.meta.url), '../..')

/** Two numbers as in `10/5`. */
const pair = z
  .string()
  .regex(/^\d+\/\d+$/, 'two whole numbers, such as 10/5')
  .transform((text) => {
    const [first = 0, second = 0] = text.split('/').map(Number)
    return [first, second] as const
  })

const environment = z.object({
  LIFEBOAT_STATE_DIR: z.string().min(1).default('.lifeboat'),
  /** Second number of every lab address; 0 would collide with what others use on 127.0.0.0/16. */
  LIFEBOAT_LAB_NET: z.coerce.number().int().min(1).max(254).default(42),
  LIFEBOAT_PORT: z.coerce.number().int().min(1).max(65535).default(3210),
  /** Instances of the shortener where traffic goes, and where it stands by. The cluster can number 32 of them. */
  LIFEBOAT_LAB_INSTANCES: pair.default([10, 5]),
  /** Links created and followed a second. */
  LIFEBOAT_LAB_TRAFFIC: pair.default([20, 60]),
  /** A standby that is held a minute behind, in us-west. */
  LIFEBOAT_LAB_DELAYED: z.enum(['on', 'off']).default('on'),
  /** What Lifeboat does by itself about a confirmed outage. */
  LIFEBOAT_LAB_MODE: z.enum(['manual', 'assisted', 'automatic']).default('manual'),
  /** Milliseconds between two checks. */
  LIFEBOAT_LAB_CHECK_MS: z.coerce.number().int().min(100).max(60_000).default(1_000),
})

export interface LabSettings {
  stateDirectory: string
  net: number
  consoleHost: string
  consolePort: number
  primaryInstances: number
  standbyInstances: number
  createsPerSecond: number
  followsPerSecond: number
  /** With the delayed standby. Tests that do not need it leave it out. */
  delayed: boolean
  mode: 'manual' | 'assisted' | 'automatic'
  checkMs: number
}

/** Thrown for what the person at the keyboard can put right; its message is shown without a stack. */
export class LabProblem extends Error {
  override readonly name = 'LabProblem'
}

/** Reads the lab's settings from the environment. @throws LabProblem with one line a wrong variable */
export function readSettings(source: Readonly<Record<string, string | undefined>> = process.env): LabSettings {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = environment.safeParse(given)
  if (!parsed.success)
    throw new LabProblem(`The lab did not start, a setting is wrong:\n${z.prettifyError(parsed.error)}`)
  const values = parsed.data
  return {
    stateDirectory: resolve(repository, values.LIFEBOAT_STATE_DIR),
    net: values.LIFEBOAT_LAB_NET,
    consoleHost: '127.0.0.1',
    consolePort: values.LIFEBOAT_PORT,
    primaryInstances: values.LIFEBOAT_LAB_INSTANCES[0],
    standbyInstances: values.LIFEBOAT_LAB_INSTANCES[1],
    createsPerSecond: values.LIFEBOAT_LAB_TRAFFIC[0],
    followsPerSecond: values.LIFEBOAT_LAB_TRAFFIC[1],
    delayed: values.LIFEBOAT_LAB_DELAYED === 'on',
    mode: values.LIFEBOAT_LAB_MODE,
    checkMs: values.LIFEBOAT_LAB_CHECK_MS,
  }
}

import { consoleUrl, controlDatabaseUrl } from '@/lab/environment'
import type { LabPaths } from '@/lab/paths'
import { secretValue } from '@/lab/secrets'
import { LabProblem, type LabSettings } from '@/lab/settings'
import type { Access } from '@/server/wiring-seed'

/**
 * Makes the five users and applies `lifeboat.yaml`; who may sign in is written to `access.json`.
 * @throws LabProblem when the configuration is refused: the new one has to be fixed, or the state thrown away
 */
export async function seedLab(settings: LabSettings, paths: LabPaths): Promise<Access> {
  const { seed } = await import('@/server/wiring-seed')
  const options = {
    databaseUrl: controlDatabaseUrl(settings, paths),
    configPath: paths.serviceFile,
    publicUrl: consoleUrl(settings),
    accessPath: paths.access,
    secret: secretValue(paths, 'session-secret'),
  }
  try {
    return (await seed(options)).access
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new LabProblem(`Users and ${paths.serviceFile} could not be set up: ${reason}`)
  }
}

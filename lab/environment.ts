import { hostAddress, ports, type Region, regions, shortName } from '@/lab/addressing'
import * as names from '@/lab/config/names'
import type { LabPaths } from '@/lab/paths'
import { nodeDirectory } from '@/lab/programs'
import { secretReference, secretValue } from '@/lab/secrets'
import type { LabSettings } from '@/lab/settings'

export const controlDatabase = 'lifeboat'
export const appRole = 'lifeboat_app'
export const controlSuperuser = 'postgres'

export function consoleUrl(settings: LabSettings): string {
  return `http://${settings.consoleHost}:${settings.consolePort}`
}

export function controlDatabaseUrl(settings: LabSettings, paths: LabPaths): string {
  const password = secretValue(paths, 'control-app-password')
  const host = hostAddress(settings.net, 'outside', 'outside')
  return `postgresql://${appRole}:${password}@${host}:${ports.postgres}/${controlDatabase}`
}

/** Where heads of the audit chain are published: both regions' stores, so that the loss of one leaves the other. */
function anchors(paths: LabPaths): string {
  const store = (region: Region) => ({
    name: `store-${shortName(region)}`,
    endpoint: `http://store-${shortName(region)}.lab:${ports.store}`,
    bucket: names.auditBucket,
    accessKeyIdRef: secretReference(paths, 'store-access-key-id'),
    secretAccessKeyRef: secretReference(paths, 'store-secret-access-key'),
  })
  return JSON.stringify(regions.map(store))
}

/** What console and workers are started with; nothing of the person's own environment enters. */
function shared(settings: LabSettings, paths: LabPaths): Record<string, string> {
  const host = hostAddress(settings.net, 'outside', 'outside')
  return {
    PATH: `${nodeDirectory}:/usr/local/bin:/usr/bin:/bin`,
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
    NODE_ENV: 'production',
    LIFEBOAT_DATABASE_URL: controlDatabaseUrl(settings, paths),
    LIFEBOAT_REDIS_URL: `redis://:${secretValue(paths, 'control-redis-password')}@${host}:${ports.redis}`,
    LIFEBOAT_ANCHORS: anchors(paths),
  }
}

export function consoleEnvironment(settings: LabSettings, paths: LabPaths): Record<string, string> {
  return {
    ...shared(settings, paths),
    LIFEBOAT_SECRET: secretValue(paths, 'session-secret'),
    LIFEBOAT_PUBLIC_URL: consoleUrl(settings),
    NEXT_TELEMETRY_DISABLED: '1',
    PORT: String(settings.consolePort),
    HOSTNAME: settings.consoleHost,
  }
}

export function workerEnvironment(
  settings: LabSettings,
  paths: LabPaths,
  vantage: 'vantage-a' | 'vantage-b',
): Record<string, string> {
  return {
    ...shared(settings, paths),
    LIFEBOAT_VANTAGE: vantage,
    LIFEBOAT_WORKER_ID: vantage.replace('vantage', 'worker'),
    LIFEBOAT_HOSTS_FILE: paths.hostsFile(vantage),
  }
}

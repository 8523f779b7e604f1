import {
  type Change,
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHealthCheckCommand,
  GetHealthCheckStatusCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53'
import { Terminal } from '@/server/ports/errors'
import type { DnsAuthority, HealthStatus } from '@/server/ports/managed'
import { type AwsKeys, awsClientOptions, toAwsError } from '../aws'
import { withDeadline } from '../deadline'
import type { Names } from '../names'
import { changesToMakePrimary, sameName } from './make-primary'
import { toRecord } from './record'
import { changesToAnswers, changesToWeights } from './shared-answers'

export type Route53Options = { endpoint?: string; region: string; keys: AwsKeys; names: Names }

const system = 'route53'
/** Two attempts of three seconds and the pause between them. */
const callTimeoutMs = 8_000
/** Route 53 calls a check healthy while more than 18 % of its checkers do (Developer Guide, "How Route 53 determines whether a health check is healthy"). */
const healthyShare = 0.18

/** Route 53 through its own API. Record edits go to one region's control plane; reading health goes there too, answers do not. */
export function createRoute53(options: Route53Options): DnsAuthority & { close(): void } {
  const client = new Route53Client({
    region: options.region,
    ...(options.endpoint && { endpoint: options.endpoint }),
    ...awsClientOptions(options.names, options.keys, 3_000),
  })
  const call = <T>(work: (abortSignal: AbortSignal) => Promise<T>): Promise<T> =>
    withDeadline(system, callTimeoutMs, work, (error) => toAwsError(system, error))

  const listSets = (zoneId: string, name: string): Promise<ResourceRecordSet[]> =>
    call(async (abortSignal) => {
      // The list starts at the name and is in order: 100 sets are more than one name can have.
      const page = await client.send(
        new ListResourceRecordSetsCommand({ HostedZoneId: zoneId, StartRecordName: name, MaxItems: 100 }),
        { abortSignal },
      )
      return (page.ResourceRecordSets ?? []).filter((set) => sameName(set.Name ?? '', name))
    })

  const submit = async (zoneId: string, changes: Change[], comment: string): Promise<{ changeId: string }> => {
    const batch = { HostedZoneId: zoneId, ChangeBatch: { Comment: comment.slice(0, 256), Changes: changes } }
    const answer = await call((abortSignal) => client.send(new ChangeResourceRecordSetsCommand(batch), { abortSignal }))
    const id = answer.ChangeInfo?.Id
    if (!id) throw new Terminal(system, 'Route 53 took the change but gave no id to wait for')
    return { changeId: id.replace(/^\/change\//, '') }
  }

  return {
    listRecords: async (zoneId, name) => (await listSets(zoneId, name)).map(toRecord),
    healthStatus: (healthCheckId) =>
      call(async (abortSignal) => {
        const input = { HealthCheckId: healthCheckId }
        const [check, status] = await Promise.all([
          client.send(new GetHealthCheckCommand(input), { abortSignal }),
          client.send(new GetHealthCheckStatusCommand(input), { abortSignal }),
        ])
        const config = check.HealthCheck?.HealthCheckConfig
        return judgeHealth(status.HealthCheckObservations ?? [], {
          inverted: config?.Inverted ?? false,
          disabled: config?.Disabled ?? false,
        })
      }),
    async makePrimary(zoneId, name, answers, comment) {
      return submit(zoneId, changesToMakePrimary(await listSets(zoneId, name), name, answers), comment)
    },
    async setWeights(zoneId, name, weights, comment) {
      return submit(zoneId, changesToWeights(await listSets(zoneId, name), name, weights), comment)
    },
    async setGeoAnswers(zoneId, name, answers, comment) {
      return submit(zoneId, changesToAnswers(await listSets(zoneId, name), name, answers), comment)
    },
    async changeStatus(changeId) {
      const answer = await call((abortSignal) => client.send(new GetChangeCommand({ Id: changeId }), { abortSignal }))
      return answer.ChangeInfo?.Status === 'INSYNC' ? 'INSYNC' : 'PENDING'
    },
    close: () => client.destroy(),
  }
}

type CheckerReport = { Region?: string; IPAddress?: string; StatusReport?: { Status?: string; CheckedTime?: Date } }

/** What answers are given by: the checkers' majority, turned around for an inverted check; a disabled check counts as healthy. */
export function judgeHealth(
  reports: CheckerReport[],
  check: { inverted: boolean; disabled: boolean },
): { status: HealthStatus; observedAt: string; reports: string[] } {
  const times = reports.flatMap(({ StatusReport }) =>
    StatusReport?.CheckedTime ? [StatusReport.CheckedTime.getTime()] : [],
  )
  const succeeded = reports.filter(({ StatusReport }) => StatusReport?.Status?.startsWith('Success')).length
  const reached = check.disabled || succeeded > healthyShare * reports.length
  const known = check.disabled || reports.length > 0
  return {
    status: !known ? 'unknown' : reached !== check.inverted ? 'healthy' : 'unhealthy',
    observedAt: new Date(times.length > 0 ? Math.max(...times) : Date.now()).toISOString(),
    reports: reports.map(
      ({ Region, IPAddress, StatusReport }) =>
        `${Region ?? IPAddress ?? 'checker'}: ${StatusReport?.Status ?? 'no report'}`,
    ),
  }
}

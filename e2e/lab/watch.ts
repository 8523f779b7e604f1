import pg from 'pg'
import { z } from 'zod'
import { hostAddress, ports, type Region } from '@/lab/addressing'
import { databaseId, databaseName } from '@/lab/config/names'
import { secretValue } from '@/lab/secrets'
import { eventually } from '@/lab/testing'
import { incidentView } from '@/server/queries/dto/records'
import { type RunView, runView } from '@/server/queries/dto/run'
import type { Target } from './oracle'
import type { Person, Story } from './story'

/** What tests of the lab ask again and again. */
export function databaseTarget(story: Story, region: Region): Target {
  return {
    name: databaseId(region),
    host: hostAddress(story.net, region, 'database'),
    port: ports.postgres,
    user: 'postgres',
    password: secretValue(story.paths, 'database-superuser-password'),
    database: databaseName,
  }
}

/** One statement on a managed database, as its superuser, past everything of Lifeboat. */
export async function ask<T extends pg.QueryResultRow>(story: Story, region: Region, sql: string): Promise<T[]> {
  const { name: _, ...address } = databaseTarget(story, region)
  const client = new pg.Client({ ...address, connectionTimeoutMillis: 2_000 })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

const incidentList = z.object({ items: z.array(incidentView) })

/** The newest incident of the service once it is in one of these states. */
export function incidentIn(story: Story, states: string[], deadlineMs = 30_000): Promise<z.infer<typeof incidentView>> {
  return eventually(
    `an incident that is ${states.join(' or ')}`,
    async () => {
      const list = await story.glance(incidentList, '/api/v1/services/shortener/incidents')
      return list?.items.find((each) => states.includes(each.state))
    },
    deadlineMs,
  )
}

/** Asks for a failover as the operator. */
export async function requestFailover(story: Story, who: Person = 'operator'): Promise<RunView> {
  const answer = await eventually(
    'the failover to be accepted as a request',
    async () => {
      const tried = await story.call(who, 'POST', '/api/v1/services/shortener/runs', {
        kind: 'failover',
        inputs: {},
        reason: 'us-east is gone',
      })
      return tried.status === 201 ? tried : null
    },
    20_000,
  )
  return runView.parse(answer.body)
}

export function approve(
  story: Story,
  run: { id: string; digest: string },
  who: Person = 'approver',
  digest = run.digest,
) {
  return story.call(who, 'POST', `/api/v1/runs/${run.id}/approvals`, { decision: 'approve', digest, comment: 'go' })
}

const ended = ['succeeded', 'failed', 'aborted', 'compensated', 'compensation_failed', 'paused']

/** The run once it has ended or waits for a person. */
export function runEnd(story: Story, runId: string, deadlineMs = 120_000): Promise<RunView> {
  return eventually(
    'the run to end',
    async () => {
      const run = await story.glance(runView, `/api/v1/runs/${runId}`)
      return run && ended.includes(run.state) ? run : null
    },
    deadlineMs,
  )
}

/** What the users’ own ledger says. */
export const trafficSummary = z.object({
  acknowledged: z.number(),
  failed: z.number(),
  unknown: z.number(),
  lost: z.number().nullable(),
  outages: z.array(z.object({ from: z.string().nullable(), to: z.string().nullable() })),
  lastOkAt: z.string().nullable(),
  firstFailedAt: z.string().nullable(),
  currentRegion: z.string().nullable(),
})

export async function traffic(story: Story): Promise<z.infer<typeof trafficSummary>> {
  return trafficSummary.parse(await story.lab.traffic('GET', '/summary'))
}

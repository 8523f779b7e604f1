import { type Story, startStory } from '@/e2e/lab/story'
import { traffic } from '@/e2e/lab/watch'
import { hostAddress, ports } from '@/lab/addressing'
import { controlDatabase, controlSuperuser } from '@/lab/environment'
import { secretValue } from '@/lab/secrets'
import { createDb } from '@/server/db/client'
import { automaticLab } from './automatic'
import { benchLab } from './drive'

type CalmFigures = {
  minutes: number
  disturbances: Record<string, number>
  /** Failovers that Lifeboat began although the region was only disturbed. */
  failovers: number
  confirmed: number
  lost: number | null
}

/** With checks each 0.5 s and two failures to confirm, a freeze under one interval can be seen failing once at the most. */
const freezeMs = { least: 100, most: 400 }
const restMs = { least: 4_000, most: 12_000 }

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const between = ({ least, most }: { least: number; most: number }): number => least + Math.random() * (most - least)

/** What happens to healthy regions all the time, and is no reason to leave one. Each ends by itself. */
const disturbances: Record<string, (story: Story) => Promise<void>> = {
  'freeze of the primary region, shorter than a check': async ({ lab }) => {
    await lab.fault('freeze', 'us-east')
    await pause(between(freezeMs))
    await lab.fault('thaw', 'us-east')
  },
  'slow link from one vantage point': async ({ lab }) => {
    await lab.setLinks('us-east', ['vantage-a'], 'slow', 150)
    await pause(3_000)
    await lab.setLinks('us-east', ['vantage-a'], 'open')
  },
  'cut link from one vantage point': async ({ lab }) => {
    await lab.setLinks('us-east', ['vantage-b'], 'cut')
    await pause(3_000)
    await lab.setLinks('us-east', ['vantage-b'], 'open')
  },
  'slow replication link': async ({ lab }) => {
    await lab.setLinks('us-east', ['us-west'], 'slow', 200)
    await pause(3_000)
    await lab.setLinks('us-east', ['us-west'], 'open')
  },
  'loss of the standby region’s database': async ({ lab }) => {
    await lab.fault('kill', 'db-west-1')
    await pause(2_000)
    await lab.fault('restore', 'db-west-1')
  },
}

/** An hour, or as long as asked, in automatic mode in which nothing is the matter but what always is: every failover in it is a false one. */
async function measureCalm(minutes: number): Promise<CalmFigures> {
  const story = await startStory('bench', { ...benchLab, instances: '4/2', env: automaticLab })
  const done = Object.fromEntries(Object.keys(disturbances).map((name) => [name, 0]))
  const until = Date.now() + minutes * 60_000
  try {
    for (let at = 0; Date.now() < until; at += 1) {
      const name = Object.keys(disturbances)[at % Object.keys(disturbances).length] ?? ''
      await disturbances[name]?.(story)
      done[name] = (done[name] ?? 0) + 1
      await pause(between(restMs))
    }
    const { lost } = await checked(story)
    return { minutes, disturbances: done, lost, ...(await whatWasBegun(story)) }
  } finally {
    await story.stop()
  }
}

/** Has every promised link read back. */
async function checked(story: Story): Promise<{ lost: number | null }> {
  await story.lab.traffic('POST', '/check')
  return traffic(story)
}

/** From the control database itself: what a page would leave out counts too. */
async function whatWasBegun(story: Story): Promise<{ failovers: number; confirmed: number }> {
  const password = secretValue(story.paths, 'control-postgres-password')
  const host = hostAddress(story.net, 'outside', 'outside')
  const db = createDb(`postgresql://${controlSuperuser}:${password}@${host}:${ports.postgres}/${controlDatabase}`, {
    max: 1,
  })
  try {
    const failovers = await db.run.count({ where: { kind: 'failover' } })
    const confirmed = await db.incident.count({ where: { confirmedAt: { not: null } } })
    return { failovers, confirmed }
  } finally {
    await db.$disconnect()
  }
}

export async function reportCalm(minutes: number): Promise<string> {
  const figures = await measureCalm(minutes)
  const rows = Object.entries(figures.disturbances).map(([name, count]) => `| ${name} | ${count} |`)
  return `## A calm hour

${figures.minutes} minutes in automatic mode under traffic, checks each 0.5 s from two vantage points, with nothing the matter but what always is.

| disturbance | times |
| --- | --- |
${rows.join('\n')}

| | | budget |
| --- | --- | --- |
| false failovers | ${figures.failovers} | ${figures.failovers === 0 ? '0: met' : '0: **missed**'} |
| outages confirmed | ${figures.confirmed} | – |
| acknowledged links lost | ${figures.lost ?? 'not checked'} | ${figures.lost === 0 ? '0: met' : '0: **missed**'} |
`
}

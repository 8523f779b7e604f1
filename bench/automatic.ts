import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { type Story, startStory } from '@/e2e/lab/story'
import { incidentIn, traffic } from '@/e2e/lab/watch'
import { eventually } from '@/lab/testing'
import { benchLab, serversOf } from './drive'
import { type Summary, show, summarise } from './stats'
import { Writers } from './writers'

type AutomaticFigures = {
  /** From SIGKILL of the region to the incident confirmed. */
  detection: Summary
  /** From there to the first write that the new primary acknowledged to a client which tries both. */
  killToWrite: Summary
  /** The same to the first link that a user got acknowledged through DNS. */
  killToLink: Summary
}

/** The lab in automatic mode: approved in advance, so that nobody is waited for. */
export const automaticLab = { LIFEBOAT_LAB_MODE: 'automatic', LIFEBOAT_LAB_CHECK_MS: '500' }

/** Regions killed without a word, on fresh labs: what passes until clients write again, with nobody at the keyboard. */
async function measureAutomatic(runs: number): Promise<AutomaticFigures> {
  const all: { detection: number; write: number; link: number }[] = []
  for (let at = 0; at < runs; at += 1) all.push(await oneOutage())
  return {
    detection: summarise(all.map((each) => each.detection)),
    killToWrite: summarise(all.map((each) => each.write)),
    killToLink: summarise(all.map((each) => each.link)),
  }
}

async function oneOutage(): Promise<{ detection: number; write: number; link: number }> {
  const story = await startStory('bench', { ...benchLab, instances: '10/5', env: automaticLab })
  const servers = serversOf(story)
  const writers = await Writers.start(Object.values(servers), servers['us-east'])
  try {
    await writers.settled()
    await eventually('users to be served', async () => (await traffic(story)).acknowledged > 50, 30_000)
    await approveInAdvance(story)
    await settled(story)
    const killedAt = Date.now()
    const killedMark = writers.mark()
    await story.lab.fault('kill', 'us-east')
    const west = servers['us-west'].name
    const wroteAt = await eventually('a write in us-west', () => writers.firstWriteOn(west, killedMark), 60_000)
    const servedAt = await eventually('the users’ outage to be over', () => outageEnd(story, killedAt), 60_000)
    // Closed by the run's own measures before long, so that every later state counts.
    const incident = await incidentIn(story, ['confirmed', 'recovered', 'closed'])
    return {
      detection: (Date.parse(incident.confirmedAt ?? '') - killedAt) / 1000,
      write: (wroteAt - killedMark) / 1000,
      link: (servedAt - killedAt) / 1000,
    }
  } finally {
    await writers.stop()
    await story.stop()
  }
}

const mode = '/api/v1/services/shortener/mode'
const modeView = z.object({
  verdict: z.string(),
  standingApprovals: z.array(z.object({ id: z.string(), digest: z.string() })),
})

/** The standing approval: asked for by one, given by two others; then every rule has to hold. */
async function approveInAdvance(story: Story): Promise<void> {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  await story.call('operator', 'POST', `${mode}/standing-approvals`, { expiresAt, reason: 'a measurement' })
  const [asked] = (await story.read(modeView, mode)).standingApprovals
  if (!asked) throw new Error('the standing approval was not taken')
  for (const who of ['approver', 'approver2'] as const) {
    const vote = { decision: 'approve', digest: asked.digest, comment: '' }
    await story.call(who, 'POST', `${mode}/standing-approvals/${asked.id}/votes`, vote)
  }
  await eventually('every rule to hold', async () => (await story.read(modeView, mode)).verdict === 'act', 30_000)
}

const calmMs = 20_000
const glance = z.object({
  incident: z.object({ id: z.string() }).nullable(),
  readiness: z.object({ status: z.string() }),
})

/** A lab that is still starting dozens of processes measures the start: so long has the service to have been ready, with nothing amiss, before the kill. */
async function settled(story: Story): Promise<void> {
  let calmSince = Date.now()
  await eventually(
    'a service that has been calm for a while',
    async () => {
      // Asking without a pause would itself be the load that is waited out.
      await pause(1_000)
      const seen = await story.glance(glance, '/api/v1/services/shortener')
      if (!seen || seen.incident !== null || seen.readiness.status !== 'ready') calmSince = Date.now()
      return Date.now() - calmSince > calmMs
    },
    180_000,
  )
}

async function outageEnd(story: Parameters<typeof traffic>[0], afterMs: number): Promise<number | null> {
  const { outages } = await traffic(story)
  const end = Date.parse(outages.at(-1)?.to ?? '')
  return end > afterMs ? end : null
}

export async function reportAutomatic(runs: number): Promise<string> {
  const figures = await measureAutomatic(runs)
  return `## Automatic mode

${figures.killToWrite.runs} regions killed (SIGKILL of everything in them) on fresh labs in automatic mode: checks each 0.5 s from two vantage points, two failures each to confirm, fencing proved before
promotion, nobody at the keyboard. Seconds from the kill, **min / median / max**.

| to … | seconds |
| --- | --- |
| the incident confirmed | ${show(figures.detection)} |
| the first write acknowledged by the new primary, to a client that tries both | ${show(figures.killToWrite)} |
| the first link acknowledged to a user, through DNS (TTL 2 s) | ${show(figures.killToLink)} |
`
}

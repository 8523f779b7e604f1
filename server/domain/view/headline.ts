import type { Health } from './health'
import type { Reachability } from './reachability'
import type { ReplicationJudgement } from './replication'
import { durationText, listText } from './words'

export type HeadlineInput = {
  name: string
  /** Servers seen lately as running primaries. */
  primaries: readonly string[]
  public: Pick<Reachability, 'health' | 'sentence'>
  replication: Pick<ReplicationJudgement, 'state' | 'health' | 'lagSeconds'>
  writerRegion: string | null
  standbyRegion: string | null
  activeRun: { kind: string; state: string } | null
}

/** The page's first sentence and the service's state, loudest fact first: is it up, and for whom. */
export function headline(input: HeadlineInput): { health: Health; sentence: string } {
  const { name, activeRun } = input
  const acting = activeRun?.state === 'running' ? ` A ${activeRun.kind} is running.` : ''
  const stopped = activeRun?.state === 'paused' ? ` A ${activeRun.kind} is paused and waits for a person.` : ''
  const found = loudestFact(input)
  return { health: found.health, sentence: `${found.sentence}${acting}${stopped}`.replace('{name}', name) }
}

function loudestFact(input: HeadlineInput): { health: Health; sentence: string } {
  const { primaries } = input
  const seen = input.public.sentence
  if (primaries.length > 1) {
    return {
      health: 'down',
      sentence: `TWO PRIMARIES: ${listText(primaries)} both run as primary, and what they take diverges. Fence one now.`,
    }
  }
  switch (input.public.health) {
    case 'down':
      return { health: 'down', sentence: `{name} is down for its users. ${seen}` }
    case 'unknown':
      return { health: 'unknown', sentence: `Whether {name} is up is not known. ${seen}` }
    case 'stale':
    case 'paused':
      return { health: 'stale', sentence: `Whether {name} is up now is not known. ${seen}` }
    case 'degraded':
      return { health: 'degraded', sentence: `{name} is answered only in part. ${seen}` }
    case 'ok':
      return protection(input)
  }
}

/** It is up; could it lose its region now? */
function protection(input: HeadlineInput): { health: Health; sentence: string } {
  const { replication, primaries } = input
  const standby = input.standbyRegion ?? 'the standby'
  if (primaries.length === 0) {
    return { health: 'degraded', sentence: '{name} answers, but no primary was seen lately: writes may be failing.' }
  }
  const up = `{name} is up: ${input.writerRegion ?? primaries[0]} writes`
  const lag = replication.lagSeconds.value
  switch (replication.state) {
    case 'broken':
      return { health: 'degraded', sentence: `${up}, but ${standby} receives nothing: replication is broken.` }
    case 'none':
      return { health: 'degraded', sentence: `${up}, but nothing follows it: there is no standby to take over.` }
    case 'unknown':
      return { health: 'degraded', sentence: `${up}; whether ${standby} follows is not known.` }
    case 'streaming':
      if (lag === null)
        return { health: 'degraded', sentence: `${up}, ${standby} follows; how far behind is not known.` }
      return {
        health: replication.health === 'ok' ? 'ok' : 'degraded',
        sentence: `${up}, ${standby} follows ${durationText(lag * 1000)} behind.`,
      }
  }
}

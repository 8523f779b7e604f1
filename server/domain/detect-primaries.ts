/** One sight of one server by one worker: `at` is when the question was asked, so the answer is of that time or later. */
export type RoleSighting = { serverId: string; role: 'primary' | 'standby'; at: string }

/**
 * Two primaries at the same time, or null. One server seen as primary a moment ago and another one now is what every failover looks
 * like; only stretches that overlap prove two. They must overlap by more than `slackMs` (longer than one question may take),
 * since a server may change its role between the question and the answer.
 */
export function twoPrimaries(
  sightings: readonly RoleSighting[],
  nowMs: number,
  slackMs: number,
): { serverIds: string[]; overlapMs: number } | null {
  const stretches = [...new Set(sightings.map((each) => each.serverId))]
    .map((serverId) => ({ serverId, ...lastPrimaryStretch(sightings.filter((each) => each.serverId === serverId)) }))
    .filter((each) => each.untilMs !== null && nowMs - each.untilMs <= 2 * slackMs)
  if (stretches.length < 2) return null
  const from = Math.max(...stretches.map((each) => each.fromMs ?? nowMs))
  const until = Math.min(...stretches.map((each) => each.untilMs ?? 0))
  if (until - from <= slackMs) return null
  return { serverIds: stretches.map((each) => each.serverId).sort(), overlapMs: until - from }
}

/** From the first to the last sighting of the newest unbroken row of sightings as primary; nulls when the newest is not one. */
function lastPrimaryStretch(sightings: readonly RoleSighting[]): { fromMs: number | null; untilMs: number | null } {
  const newestFirst = [...sightings].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
  const end = newestFirst.findIndex((each) => each.role !== 'primary')
  const stretch = end === -1 ? newestFirst : newestFirst.slice(0, end)
  const last = stretch[0]
  const first = stretch.at(-1)
  return { fromMs: first ? Date.parse(first.at) : null, untilMs: last ? Date.parse(last.at) : null }
}

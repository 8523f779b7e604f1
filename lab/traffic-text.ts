import { z } from 'zod'

const summary = z.object({
  running: z.boolean(),
  acknowledged: z.number(),
  failed: z.number(),
  unknown: z.number(),
  lost: z.number().nullable(),
  checkedAt: z.string().nullable(),
  outages: z.array(z.object({ firstFailedAt: z.string(), to: z.string().nullable(), failedRequests: z.number() })),
  lastOkAt: z.string().nullable(),
  currentRegion: z.string().nullable(),
  ratePerSecond: z.number(),
})

/** What users met, for people; whatever else the traffic process says is shown as it is. */
export function trafficText(answer: unknown): string {
  const parsed = summary.safeParse(answer)
  if (!parsed.success) return JSON.stringify(answer, null, 2)
  const said = parsed.data
  const lost = said.lost === null ? 'not checked yet' : `${said.lost} (checked ${said.checkedAt})`
  const last = said.outages.at(-1)
  const outage =
    last === undefined
      ? 'none'
      : `${last.firstFailedAt} to ${last.to ?? 'now'}, ${last.failedRequests} failed requests; ${said.outages.length} in all`
  return [
    `Users         ${said.running ? `${said.ratePerSecond.toFixed(1)} good answers/s` : 'stopped'}, served by ${said.currentRegion ?? 'nobody'}`,
    `Acknowledged  ${said.acknowledged} links`,
    `Failed        ${said.failed} requests; ${said.unknown} creates without an answer`,
    `Lost          ${lost}`,
    `Last outage   ${outage}`,
  ].join('\n')
}

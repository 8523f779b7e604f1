import { z } from 'zod'
import { metricName } from '@/server/domain/series/catalogue'
import { at } from './common'

/**
 * Series as a chart reads them, in columns so that 2,000 points stay small. Point `i` covers `[from + i·stepMs, from + (i+1)·stepMs)`; null is a gap in
 * observing. `min` and `max` are those of every raw value in the bucket, at every zoom, so that a short spike stays visible.
 */
export const seriesView = z.object({
  from: at,
  to: at,
  stepMs: z.int().positive(),
  /** Which tier answered: raw samples, or rollups of a minute or an hour. */
  resolution: z.enum(['raw', '1m', '1h']),
  series: z.array(
    z.object({
      metric: metricName,
      subject: z.string(),
      unit: z.string(),
      /** The newest value at all, which may lie before `from`; null when there never was one. */
      last: z.object({ at, value: z.number() }).nullable(),
      avg: z.array(z.number().nullable()),
      min: z.array(z.number().nullable()),
      max: z.array(z.number().nullable()),
    }),
  ),
})
export type SeriesView = z.infer<typeof seriesView>

/** What happened in the range, as bands behind every chart. `to` is null for what still goes on. */
export const annotationsView = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['incident', 'run', 'drill', 'backup', 'deployment', 'maintenance', 'anomaly']),
      title: z.string(),
      from: at,
      to: at.nullable(),
      href: z.string().nullable(),
    }),
  ),
})
export type AnnotationsView = z.infer<typeof annotationsView>

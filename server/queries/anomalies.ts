import { z } from 'zod'
import type { Context } from '@/server/services/context'
import { at } from './dto/common'
import { iso } from './read'
import { requireService } from './series'

export const anomaliesView = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      serverId: z.string(),
      table: z.string(),
      /** Rows updated or deleted since `at`, at least. */
      rows: z.number(),
      /** The last time the table was seen before the first of them: where a restore would go back to. */
      at,
      until: at,
      lsn: z.string().nullable(),
      limitRows: z.int(),
      windowMs: z.int(),
      detectedAt: at,
    }),
  ),
})
export type AnomaliesView = z.infer<typeof anomaliesView>

const mostItems = 100

/** The storms of changes of a service, newest first, a hundred at the most. @throws ServiceError not-found */
export async function listAnomalies(ctx: Context, service: string): Promise<AnomaliesView> {
  await requireService(ctx, service)
  const rows = await ctx.db.anomaly.findMany({
    where: { serviceId: service },
    orderBy: { at: 'desc' },
    take: mostItems,
  })
  return {
    items: rows.map(({ id, serverId, tableName, rows: changed, lsn, limitRows, windowMs, ...row }) => ({
      ...{ id, serverId, table: tableName, rows: Number(changed), lsn, limitRows, windowMs },
      ...{ at: iso(row.at), until: iso(row.until), detectedAt: iso(row.detectedAt) },
    })),
  }
}

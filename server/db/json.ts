import { Prisma } from './generated/client'

/** SQL NULL for a nullable JSON column: a plain `null` would be ambiguous with the JSON value null. */
export const noJson = Prisma.DbNull

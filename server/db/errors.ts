import { Prisma } from './generated/client'

/** Whether a write was refused because a row with the same key is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
}

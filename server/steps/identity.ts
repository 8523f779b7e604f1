import { Terminal } from '@/server/ports/errors'

/** Before anything that cannot be taken back: the server that answers has to be the one that the plan is about. */
export function expectSystem(serverId: string, seen: string, planned: string): void {
  if (seen === planned) return
  const message = `${serverId} answers with system identifier ${seen}; the plan is about ${planned}. Nothing was done to it`
  throw new Terminal(`postgres ${serverId}`, message)
}

import { type FenceEvidence, fenceEvidence, writableOutput } from '@/server/domain/plan/failover-steps'
import { Terminal } from '@/server/ports/errors'
import type { StepContext } from './step'

/** The proof that `serverId` is fenced, from an earlier step of this run; null when there is none that says so. */
export function findFenceEvidence(context: StepContext, stepKey: string, serverId: string): FenceEvidence | null {
  const parsed = fenceEvidence.safeParse(context.outputs[stepKey])
  if (!parsed.success || parsed.data.serverId !== serverId || parsed.data.facts.length === 0) return null
  return parsed.data
}

/** DNS never moves before the new primary has accepted a write. */
export function requireWritableProof(context: StepContext, stepKey: string, region: string): void {
  const proof = writableOutput.safeParse(context.outputs[stepKey])
  if (proof.success && proof.data.region === region) return
  const message = `No step of this run has proved that ${region} accepts writes; traffic was not moved`
  throw new Terminal('traffic', message)
}

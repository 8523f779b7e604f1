import type { z } from 'zod'
import type { probeFacts } from '@/server/domain/observation'
import type { ProbeResult } from '@/server/ports/managed'
import type { Answer } from './look'

/** Failures in a row are counted where the observation is written, from the one before; here they are 0 or 1. */
export function probeAnswer(result: ProbeResult): Answer<'endpoint' | 'public'> {
  const { ok, status, latencyMs, failure, address } = result
  return { ok, failure, facts: { status, latencyMs, failure, address, consecutiveFailures: ok ? 0 : 1 } }
}

export function unansweredProbe(failure: string, timeoutMs: number): z.infer<typeof probeFacts> {
  return { status: null, latencyMs: timeoutMs, failure, address: null, consecutiveFailures: 1 }
}

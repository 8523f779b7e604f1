import type { Detection, Evidence } from '@/server/domain/detect'
import type { ServiceConfig } from '@/server/domain/service-config'

/** The incident's title and the sentence of its timeline, from what was seen. */
export function describeDetection(
  service: { config: ServiceConfig },
  detection: Detection,
): { title: string; message: string } {
  const region = service.config.regions.find((each) => each.id === detection.region)
  const what = region ? region.name : service.config.dns.name
  const failing = detection.evidence.filter((each) => each.verdict === 'failing')
  const vantages = new Set(failing.map((each) => each.vantage))
  const seen = `${vantages.size} of ${service.config.probes.vantagePoints.length} vantage points`
  return {
    title: `${what} does not answer`,
    message: `Failing as seen from ${seen}: ${failing.map(sentence).join('; ')}.`,
  }
}

function sentence(each: Evidence): string {
  const target = each.target === 'public' ? each.subject : `the endpoint of ${each.subject}`
  const times = each.failures > 1 ? ` (${each.failures} in a row)` : ''
  return `${each.vantage} → ${target}: ${each.failure ?? 'not good'}${times}`
}

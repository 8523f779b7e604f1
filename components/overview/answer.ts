import type { ServiceSummary } from '@/server/queries/dto/service'

type Answerable = Pick<ServiceSummary, 'name' | 'health' | 'headline' | 'readiness' | 'writer'>

const troubled: readonly ServiceSummary['health'][] = ['down', 'degraded', 'unknown', 'stale', 'paused']

/**
 * The first sentence of the overview: is it up, and could we fail over now? One service speaks for itself; of many, the troubled ones are
 * named. Two writable primaries outrank everything.
 */
export function answerOf(services: readonly Answerable[]): string {
  if (services.length === 0) return 'Nothing is watched yet.'
  const split = services.find((service) => (service.writer.primariesSeen ?? 0) > 1)
  if (split) return `${split.name} has two writable primaries: fence one before anything else.`
  const [only] = services
  if (services.length === 1 && only) return `${sentence(only.headline)} ${sentence(readySentence(only.readiness))}`
  const worst = troubled.find((health) => services.some((service) => service.health === health))
  const bad = services.filter((service) => service.health !== 'ok')
  const up =
    bad.length === 0
      ? `All ${services.length} services are up.`
      : `${bad.map((service) => service.name).join(', ')} ${bad.length === 1 ? 'is' : 'are'} not well (worst: ${worst ?? 'unknown'}).`
  const unready = services.filter((service) => service.readiness.status !== 'ready')
  const ready =
    unready.length === 0
      ? 'Each could fail over now.'
      : `Could not be failed over now, or it is not known: ${unready.map((service) => service.name).join(', ')}.`
  return `${up} ${ready}`
}

const openings = {
  ready: 'Ready to fail over',
  'not-ready': 'Not ready to fail over',
  unknown: 'Readiness is not known',
}

/** The readiness sentence answers "could it fail over?" with yes or no; on a page that asks more, the answer needs its question. */
function readySentence({ status, sentence: told }: Answerable['readiness']): string {
  return `${openings[status]}: ${told.replace(/^(Yes|No|Not known|Unknown)[:,.] */, '')}`
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

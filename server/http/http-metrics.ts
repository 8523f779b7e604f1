import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

type HttpMetrics = { registry: Registry; duration: Histogram<'method' | 'path' | 'status'> }

// One a process, however many bundles load this module.
declare global {
  var lifeboatHttpMetrics: HttpMetrics | undefined
}

/** The process's own figures. Paths are the operations' patterns, so that the number of series does not grow with the data. */
export function httpMetrics(): HttpMetrics {
  globalThis.lifeboatHttpMetrics ??= make()
  return globalThis.lifeboatHttpMetrics
}

function make(): HttpMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'lifeboat_http_request_duration_seconds',
    help: 'Time from request to answer; for the event stream, to its beginning.',
    labelNames: ['method', 'path', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  })
  return { registry, duration }
}

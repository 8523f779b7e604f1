import { definePublicOperation } from '../operation'
import { apiHeaders } from '../problem'
import { prometheusText } from '../prometheus'
import { readiness } from '../readiness'

export const livezOperation = definePublicOperation({
  id: 'livez',
  method: 'GET',
  path: '/livez',
  summary: 'The process runs. Says nothing of what it leans on.',
  response: { status: 200, contentType: 'text/plain' },
  respond: async () =>
    new Response('ok\n', { headers: { ...apiHeaders, 'content-type': 'text/plain; charset=utf-8' } }),
})

export const readyzOperation = definePublicOperation({
  id: 'readyz',
  method: 'GET',
  path: '/readyz',
  summary: 'Whether requests can be served: 503 without the control database. With ?verbose, what each part says.',
  response: { status: 200, contentType: 'application/json' },
  async respond(request) {
    const verbose = new URL(request.url).searchParams.has('verbose')
    const { ready, degraded, checks } = await readiness(verbose)
    return new Response(JSON.stringify({ ready, degraded, checks }), {
      status: ready ? 200 : 503,
      headers: { ...apiHeaders, 'content-type': 'application/json' },
    })
  },
})

export const metricsOperation = definePublicOperation({
  id: 'metrics',
  method: 'GET',
  path: '/metrics',
  summary:
    'For Prometheus: the console’s own requests and process, and each service’s lag with the age of its observation.',
  response: { status: 200, contentType: 'text/plain' },
  async respond() {
    const { text, contentType } = await prometheusText()
    return new Response(text, { headers: { ...apiHeaders, 'content-type': contentType } })
  },
})

import { createServer } from 'node:http'
import { handleRequest, loadRoutes } from '@/server/testing/console'

/** The console's API without its pages: each route file's own handlers, behind a plain HTTP server. Answers are sent whole, so the event stream is not among them. */
const routes = await loadRoutes()
const origin = process.env.LIFEBOAT_PUBLIC_URL ?? ''

createServer(async (incoming, outgoing) => {
  const method = incoming.method ?? 'GET'
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === 'string') headers.set(name, value)
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const body = method === 'GET' || method === 'HEAD' ? undefined : Buffer.concat(chunks)
  try {
    const answer = await handleRequest(
      routes,
      new Request(new URL(incoming.url ?? '/', origin), { method, headers, body }),
    )
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
    outgoing.end(Buffer.from(await answer.arrayBuffer()))
  } catch (error) {
    outgoing.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
  }
}).listen(Number(process.env.PORT), process.env.HOSTNAME)

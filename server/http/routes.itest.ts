import { describe, expect, it } from 'vitest'
import { loadRoutes } from '@/server/testing/console'
import { openApiDocument } from './openapi'
import { definePublicOperation, publicPaths } from './operation'
import { operations } from './registry'
import { type Handler, operationOf } from './route'

const isHandler = (value: unknown): value is Handler => typeof value === 'function'
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

describe('route files', async () => {
  const routes = await loadRoutes()
  const found = routes.flatMap((route) => methods.map((method) => ({ route, method, handler: route.handlers[method] })))
  const served = found.flatMap(({ route, method, handler }) => {
    const operation = isHandler(handler) ? operationOf(handler) : undefined
    return operation ? [{ route, method, operation }] : []
  })

  it('are there', () => {
    expect(routes.length).toBeGreaterThan(15)
  })

  it.each(routes.map((route) => [route.file, route] as const))(
    '%s serves operations of the table only',
    async (_, route) => {
      expect(Object.keys(route.handlers).sort()).toEqual([...methods].sort())
      for (const method of methods) {
        const handler = route.handlers[method]
        if (!isHandler(handler)) throw new Error(`${method} is no handler`)
        const operation = operationOf(handler)
        if (!operation) {
          const response = await handler(new Request('http://console.test/x', { method }), {
            params: Promise.resolve({}),
          })
          expect(response.status).toBe(405)
          expect(response.headers.get('content-type')).toBe('application/problem+json')
          continue
        }
        expect(operations).toContain(operation)
        expect(operation.method).toBe(method)
        expect(route.pattern).toBe(operation.path)
        expect(operation.right).toBeTruthy()
      }
    },
  )

  it('serve every operation of the table', () => {
    const missing = operations.filter((operation) => !served.some((each) => each.operation === operation))
    expect(missing.map((operation) => operation.id)).toEqual([])
  })

  it('are public only where that is written down', () => {
    const open = operations.filter((operation) => operation.right === 'public').map((operation) => operation.path)
    expect([...new Set(open)].sort()).toEqual([...publicPaths].sort())
    expect(() =>
      definePublicOperation({
        id: 'leak',
        method: 'GET',
        path: '/api/v1/leak',
        summary: '',
        response: { status: 200, contentType: 'text/plain' },
        respond: async () => new Response('x'),
      }),
    ).toThrow(/not among the public paths/)
  })
})

describe('OpenAPI', () => {
  const document = JSON.parse(JSON.stringify(openApiDocument(operations)))

  it('describes every operation once, with its right and its schema', () => {
    const ids = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((path) =>
      Object.values(path).map((each) => each.operationId),
    )
    const expected = operations.filter((each) => !each.path.includes('{...')).map((each) => each.id)
    expect(ids.sort()).toEqual(expected.sort())
    expect(document.openapi).toBe('3.1.0')
    const run = document.paths['/api/v1/runs/{id}'].get
    expect(run['x-lifeboat-right']).toBe('run.read')
    expect(run.parameters).toEqual([expect.objectContaining({ name: 'id', in: 'path', required: true })])
    expect(run.responses['200'].content['application/json'].schema).toEqual({ $ref: '#/components/schemas/Run' })
    expect(document.components.schemas.Run.properties.digest).toEqual({ type: 'string' })
  })
})

import { definePublicOperation, type Method, type Operation } from '../operation'
import { apiHeaders, HttpProblem } from '../problem'
import { noSuchPath } from './sign-in'

/** Given the table late, since this operation is itself in it. */
export function openApiOperation(document: () => unknown): Operation {
  let text: string | null = null
  return definePublicOperation({
    id: 'openapi',
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This description.',
    response: { status: 200, contentType: 'application/json' },
    async respond() {
      text ??= JSON.stringify(document())
      return new Response(text, { headers: { ...apiHeaders, 'content-type': 'application/json' } })
    },
  })
}

/** Answers for every path of the API that no operation has. */
export function unknownPathOperation(method: Method): Operation {
  return definePublicOperation({
    id: `unknownPath${method}`,
    method,
    path: '/api/{...path}',
    summary: 'There is no such path.',
    response: { status: 404, contentType: 'application/problem+json' },
    respond: async () => {
      throw noSuchPath()
    },
  })
}

export const methodNotAllowed = (allowed: readonly string[]) =>
  new HttpProblem(
    405,
    'method-not-allowed',
    `This path takes ${allowed.join(' and ')} only.`,
    'Nothing was done.',
    'Look at /api/openapi.json.',
    [],
    { allow: allowed.join(', ') },
  )

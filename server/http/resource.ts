import type { Method, Operation } from './operation'
import { methodNotAllowed } from './operations/meta'
import { problemOf, problemResponse } from './problem'
import { type Handler, route } from './route'

type Resource = Record<Method | 'PUT' | 'PATCH' | 'DELETE', Handler>

/** The exports of a route file: one handler an operation of its path, and a refusal in the API's own words for any other method. */
export function resource(first: Operation, ...others: Operation[]): Resource {
  const operations = [first, ...others]
  const allowed = operations.map((operation): Method => operation.method)
  const refuse: Handler = async (request) => {
    const error = methodNotAllowed(allowed)
    return problemResponse(problemOf(error, new URL(request.url).pathname), error.headers)
  }
  const handlerOf = (method: string) => {
    const operation = operations.find((each) => each.method === method)
    return operation ? route(operation) : refuse
  }
  return {
    GET: handlerOf('GET'),
    POST: handlerOf('POST'),
    PUT: refuse,
    PATCH: refuse,
    DELETE: refuse,
  }
}

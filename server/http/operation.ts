import { z } from 'zod'
import { type Right, rights } from '@/server/domain/rights'
import type { Context } from '@/server/services/context'
import { invalidInput } from './problem'

export type Method = 'GET' | 'POST'

/** What an operation needs of its caller: a right, only to be signed in, or nothing (then it is in `publicPaths`). */
type Needs = Right | 'signed-in' | 'public'

/** What may be asked without signing in. Anything else that calls itself public does not start. */
export const publicPaths: readonly string[] = [
  '/livez',
  '/readyz',
  '/metrics',
  '/api/openapi.json',
  // The sign-in library checks its own requests; which of its paths exist is a list in sign-in.ts.
  '/api/auth/{...all}',
  // Answers that there is no such path.
  '/api/{...path}',
]

type Described = {
  /** The operation's name in OpenAPI. */
  id: string
  /** `{name}` stands for one segment, `{...name}` for the rest. */
  path: string
  summary: string
}

type Shape<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = {
  params: P
  query: Q
  body: B
}

export const noBody = z.undefined()
export const noParams = z.strictObject({})
export const noQuery = z.strictObject({})

type Definition<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType> = Described &
  Shape<P, Q, B> & {
    method: Method
    right: Right | 'signed-in'
    response: { status: number; schema: R; contentType?: string }
    /** Honours Idempotency-Key. */
    idempotent: boolean
    /** The audit action of a refusal for want of the right: a mutation's own, else `access.read`. */
    action?: string
    handle(
      context: Context,
      input: { params: z.infer<P>; query: z.infer<Q>; body: z.infer<B> },
      request: Request,
    ): Promise<z.infer<R> | Response>
  }

type RawInput = { params: unknown; query: unknown; body: unknown }

/** An operation whose types are erased at one place: `invoke` parses with the operation's own schemas before it hands anything on. */
export type Operation = Described & {
  method: Method
  right: Needs
  params: z.ZodType
  query: z.ZodType
  body: z.ZodType
  response: { status: number; schema: z.ZodType | null; contentType: string }
  idempotent: boolean
  action: string
  /** null on a public operation. */
  invoke: ((context: Context, raw: RawInput, request: Request) => Promise<unknown>) | null
  /** null unless public. */
  respond: ((request: Request) => Promise<Response>) | null
}

export function defineOperation<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  operation: Definition<P, Q, B, R>,
): Operation {
  if (operation.right !== 'signed-in' && !rights.includes(operation.right)) {
    throw new TypeError(`${operation.id} declares no right`)
  }
  return {
    action: 'access.read',
    ...operation,
    response: { contentType: 'application/json', ...operation.response },
    respond: null,
    async invoke(context, raw, request) {
      const params = parse(operation.params, raw.params, 'path')
      const query = parse(operation.query, raw.query, 'query')
      const body = parse(operation.body, raw.body, 'body')
      return operation.handle(context, { params, query, body }, request)
    },
  }
}

type PublicDefinition = Described & {
  method: Method
  response: { status: number; contentType: string }
  respond(request: Request): Promise<Response>
}

export function definePublicOperation(operation: PublicDefinition): Operation {
  if (!publicPaths.includes(operation.path)) throw new TypeError(`${operation.path} is not among the public paths`)
  return {
    ...operation,
    right: 'public',
    params: noParams,
    query: noQuery,
    body: noBody,
    response: { ...operation.response, schema: null },
    idempotent: false,
    action: 'access.read',
    invoke: null,
  }
}

function parse<T extends z.ZodType>(schema: T, value: unknown, where: 'path' | 'query' | 'body'): z.infer<T> {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalidInput(where, parsed.error)
  return parsed.data
}

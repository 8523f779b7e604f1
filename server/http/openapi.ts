import { z } from 'zod'
import { problem } from '@/server/queries/dto/common'
import { auditVerification, incidentView, meView } from '@/server/queries/dto/records'
import { planPreview, runView } from '@/server/queries/dto/run'
import { metricsView, serviceView } from '@/server/queries/dto/service'
import { noBody, type Operation } from './operation'

type JsonSchema = Record<string, unknown>

/** Said once and referred to by name. */
const named = new Map<z.ZodType, string>([
  [problem, 'Problem'],
  [serviceView, 'Service'],
  [runView, 'Run'],
  [planPreview, 'PlanPreview'],
  [incidentView, 'Incident'],
  [metricsView, 'Metrics'],
  [auditVerification, 'AuditVerification'],
  [meView, 'Me'],
])
const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })

/** OpenAPI 3.1 from the table of operations: the schemas that parse requests and that tests hold answers against are the ones shown here. */
export function openApiDocument(operations: readonly Operation[]): JsonSchema {
  const paths: Record<string, JsonSchema> = {}
  for (const operation of operations.filter((each) => !each.path.includes('{...'))) {
    const path = paths[operation.path] ?? {}
    path[operation.method.toLowerCase()] = describe(operation)
    paths[operation.path] = path
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lifeboat',
      version: '1',
      description:
        'Disaster recovery with approvals. Errors are RFC 9457 problems that say what did not happen. POSTs take an Idempotency-Key. Lists are paged by cursor.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token, lbt_…' },
        session: { type: 'apiKey', in: 'cookie', name: 'lifeboat.session_token' },
      },
      schemas: Object.fromEntries([...named].map(([schema, name]) => [name, schemaOf(schema, 'output')])),
      responses: {
        Problem: {
          description: 'What happened, what did not, and the next safe step.',
          content: { 'application/problem+json': { schema: reference('Problem') } },
        },
      },
    },
  }
}

function describe(operation: Operation): JsonSchema {
  const { response } = operation
  return {
    operationId: operation.id,
    summary: operation.summary,
    'x-lifeboat-right': operation.right,
    security: operation.right === 'public' ? [] : [{ token: [] }, { session: [] }],
    parameters: [
      ...parameters(operation.params, 'path'),
      ...parameters(operation.query, 'query'),
      ...(operation.idempotent ? [idempotencyHeader] : []),
    ],
    ...(operation.body !== noBody && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(operation.body, 'input') } } },
    }),
    responses: {
      [response.status]: {
        description: response.status === 201 ? 'Made.' : 'As asked.',
        content: { [response.contentType]: response.schema ? { schema: answerOf(response.schema) } : {} },
      },
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

function answerOf(schema: z.ZodType): JsonSchema {
  const name = named.get(schema)
  return name ? reference(name) : schemaOf(schema, 'output')
}

const idempotencyHeader = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'One a thing to be done: a repeat with the same key is answered with the first answer and does nothing.',
  schema: { type: 'string', maxLength: 200 },
}

function parameters(schema: z.ZodType, where: 'path' | 'query'): JsonSchema[] {
  const { properties, required } = schemaOf(schema, 'input')
  if (typeof properties !== 'object' || properties === null) return []
  const needed: readonly unknown[] = Array.isArray(required) ? required : []
  return Object.entries(properties).map(([name, value]) => ({
    name,
    in: where,
    required: where === 'path' || needed.includes(name),
    schema: value,
  }))
}

/** Draft 2020-12, which is what OpenAPI 3.1 takes; its own `$schema` line is said once for the document. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' })
  return rest
}

import { HttpProblem } from './problem'

/** Nothing that Lifeboat takes over HTTP comes near this; more is a mistake or an attack. */
const maxBodyBytes = 64 * 1024

const tooLarge = () =>
  new HttpProblem(
    413,
    'too-large',
    `The body is larger than ${maxBodyBytes} bytes.`,
    'Nothing was done; the body was not read to its end.',
    'Send a smaller body.',
  )

const malformed = (message: string) =>
  new HttpProblem(400, 'malformed', message, 'Nothing was done.', 'Correct the body and send it again.')

/**
 * The body as JSON, undefined when there is none. Counts bytes as they come, since a declared length may be missing or wrong.
 * @throws HttpProblem 413, 415 or 400
 */
export async function readJson(request: Request): Promise<unknown> {
  const declared = Number(request.headers.get('content-length') ?? '0')
  if (declared > maxBodyBytes) throw tooLarge()
  const text = await readText(request)
  if (text === '') return undefined
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new HttpProblem(
      415,
      'unsupported-media',
      `The body is ${type || 'of no declared type'}; only application/json is taken.`,
      'Nothing was done.',
      'Send JSON with content-type: application/json.',
    )
  }
  // PostgreSQL holds no NUL character in text, so none gets past here.
  if (text.includes('\\u0000')) throw malformed('The body holds a NUL character.')
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    throw malformed('The body is not JSON.')
  }
}

async function readText(request: Request): Promise<string> {
  if (!request.body) return ''
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > maxBodyBytes) {
      await reader.cancel()
      throw tooLarge()
    }
    chunks.push(value)
  }
  return Buffer.concat(chunks).toString('utf8')
}

import pg from 'pg'

export interface SessionTarget {
  host: string
  port: number
  user: string
  password: string
  database: string
  /** Shown in `pg_stat_activity`. */
  applicationName: string
}

function makeClient(target: SessionTarget, timeoutMs: number): pg.Client {
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
    application_name: target.applicationName,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
    ssl: false,
  })
  // A session that dies between two queries reports it here; the next query fails, which is where it is handled.
  client.on('error', () => undefined)
  return client
}

/** Never waited for: a frozen server would not say goodbye. */
function drop(client: pg.Client): void {
  client.end().catch(() => undefined)
}

/** One short session of its own. Connecting and each query take at most `timeoutMs`. */
export async function withSession<T>(
  target: SessionTarget,
  timeoutMs: number,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = makeClient(target, timeoutMs)
  try {
    await client.connect()
    return await work(client)
  } finally {
    drop(client)
  }
}

/**
 * A session that is kept. It still answers when a frozen postmaster lets no new one in, which is how a grey failure
 * is told from a dead server. One query at a time; a failed one costs the session, and the next opens another.
 */
export class HeldSession {
  private client: pg.Client | null = null
  private tail: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly target: SessionTarget,
    private readonly timeoutMs: number,
  ) {}

  /** Rows as they come from the wire; the caller parses them. */
  query(text: string, values: unknown[] = []): Promise<unknown[]> {
    const result = this.tail.then(() => this.run(text, values))
    this.tail = result.catch(() => undefined)
    return result
  }

  private async run(text: string, values: unknown[]): Promise<unknown[]> {
    const client = this.client ?? makeClient(this.target, this.timeoutMs)
    try {
      if (!this.client) {
        await client.connect()
        // A server that went away between two queries must not cost the next one.
        client.once('end', () => {
          if (this.client === client) this.client = null
        })
      }
      this.client = client
      const result = await client.query(text, values)
      return result.rows
    } catch (error) {
      this.client = null
      drop(client)
      throw error
    }
  }

  close(): void {
    if (this.client) drop(this.client)
    this.client = null
  }
}

/** SQLSTATE of a server's refusal, or null for anything else. */
export function sqlState(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null
}

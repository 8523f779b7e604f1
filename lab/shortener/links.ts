import type { LinkCache } from '@/lab/shortener/cache'
import type { Databases } from '@/lab/shortener/database'
import type { HitCounter } from '@/lab/shortener/hits'
import { base62, type Snowflake } from '@/lab/shortener/snowflake'

export type Link = { code: string; url: string }

/** Creates and finds links. */
export class Links {
  constructor(
    private readonly databases: Databases,
    private readonly cache: LinkCache,
    private readonly hits: HitCounter,
    private readonly ids: Snowflake,
    private readonly region: string,
  ) {}

  /** Resolves after COMMIT, never before: one statement outside a transaction block is its own transaction. */
  async create(url: string): Promise<Link> {
    const id = this.ids.next()
    const code = base62(id)
    await this.databases.writer.query('insert into links (id, code, url, region) values ($1, $2, $3, $4)', [
      id.toString(),
      code,
      url,
      this.region,
    ])
    void this.cache.put(code, url)
    return { code, url }
  }

  /** From the cache, then the reader, then (a reader may lag) the writer. */
  async find(code: string): Promise<string | null> {
    const cached = await this.cache.get(code)
    const url = cached ?? (await this.read(code))
    if (url === null) return null
    if (cached === null) void this.cache.put(code, url)
    this.hits.count(code)
    return url
  }

  private async read(code: string): Promise<string | null> {
    const { reader, writer, separateReader } = this.databases
    const look = async (pool: typeof writer) => {
      const found = await pool.query<{ url: string }>('select url from links where code = $1', [code])
      return found.rows[0]?.url ?? null
    }
    if (!separateReader) return look(writer)
    const near = await look(reader).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    )
    return typeof near === 'string' ? near : look(writer)
  }
}

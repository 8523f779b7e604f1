import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlQuery,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils'
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'

/** Discrete fields, not a URL: the driver would let a URL win over the name of the scratch database, and work in the live one. */
export type MigrationConnection = { host: string; port: number; user: string; password: string; database: string }

export type SchemaEngine = engineModule.SchemaEngine
type Adapter = Awaited<ReturnType<PrismaPg['connect']>>

/** PostgreSQL's one-byte "char", which the adapter cannot map, and text, which it can. */
const charOid = 18
const textOid = 25

/** What the engine said before it panicked, for the error that is thrown then. */
const panics: string[] = []

let loaded: Promise<void> | null = null

/** The engine that the Prisma CLI carries, as WebAssembly: nothing is downloaded. */
function loadEngine(): Promise<void> {
  loaded ??= (async () => {
    // A panic of the engine looks for this global to leave its message in; without it the message is lost.
    Object.assign(globalThis, {
      PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => panics.push(message) },
    })
    const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg'))
    const bytes = await readFile(join(folder, 'schema_engine_bg.wasm'))
    const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': importsOf(engineModule) })
    engineModule.__wbg_set_wasm(instance.exports)
    const start = instance.exports.__wbindgen_start
    if (typeof start === 'function') start()
  })()
  return loaded
}

/** Guarantee: the engine's module exports exactly the functions that its WebAssembly imports. */
function importsOf(module: object): WebAssembly.ModuleImports {
  return module as WebAssembly.ModuleImports
}

/** Runs `work` with an engine on a database, and closes what the engine opened: it would keep its advisory lock otherwise. */
export async function withSchemaEngine<T>(
  connection: MigrationConnection,
  datamodels: [string, string][],
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  await loadEngine()
  const factory = new MigrationAdapterFactory(connection)
  const engine = await engineModule.SchemaEngine.new(
    { datamodels },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(factory),
  )
  try {
    return await work(engine)
  } catch (error) {
    const panic = panics.pop()
    throw panic ? new Error(`The schema engine gave up: ${panic}`, { cause: error }) : error
  } finally {
    await factory.close()
  }
}

class MigrationAdapterFactory extends PrismaPg {
  readonly #opened: Adapter[] = []

  constructor(readonly connection: MigrationConnection) {
    super({ ...connection, max: 1 })
  }

  override async connect(): Promise<Adapter> {
    const adapter = adapted(await super.connect())
    this.#opened.push(adapter)
    return adapter
  }

  override async connectToShadowDb(): Promise<Adapter> {
    const database = `prisma_migrate_shadow_db_${randomUUID()}`
    const admin = new pg.Client(this.connection)
    await admin.connect()
    await admin.query(`CREATE DATABASE "${database}"`)
    const shadow = adapted(await new PrismaPg({ ...this.connection, database, max: 1 }).connect())
    const end = shadow.dispose.bind(shadow)
    // Its own pool first: a database cannot be dropped from under a session.
    shadow.dispose = async () => {
      await end()
      await admin.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
      await admin.end()
    }
    return shadow
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((adapter) => adapter.dispose()))
  }
}

type Internals = {
  performIO(query: SqlQuery): Promise<{ fields?: { dataTypeID: number }[] }>
  onError(error: unknown): never
}

/** Guarantee: @prisma/adapter-pg is pinned, and its adapter has these two members, which its types call private. */
function internals(adapter: Adapter): Internals {
  return adapter as unknown as Internals
}

/** The stock adapter splits a script at every semicolon, which breaks functions, and fails on "char" columns of the catalogue. */
function adapted(adapter: Adapter): Adapter {
  const inner = internals(adapter)
  // A simple query of several statements is one transaction: a migration happens whole or not at all.
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script)
    } catch (error) {
      inner.onError(error)
    }
  }
  const performIO = inner.performIO.bind(adapter)
  const queryRaw = adapter.queryRaw.bind(adapter)
  let charColumns: number[] = []
  inner.performIO = async (query) => {
    const result = await performIO(query)
    charColumns = []
    result.fields?.forEach((field, index) => {
      if (field.dataTypeID !== charOid) return
      charColumns.push(index)
      field.dataTypeID = textOid
    })
    return result
  }
  adapter.queryRaw = async (query): Promise<SqlResultSet> => {
    const result = await queryRaw(query)
    for (const column of charColumns) result.columnTypes[column] = ColumnTypeEnum.Character
    return result
  }
  return adapter
}

import { contentOutput, rollForwardInputs } from '@/server/domain/plan/roll-forward-steps'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified } from '../step'

const id = 'postgres.check-content'
/** What the page can show and a person can read; the number of all of them is told beside it. */
const shownTables = 50

/**
 * Names, estimated rows, and whether a transaction that had not committed by the moment holds the table. Asked of the catalogue alone: a table that such a
 * transaction was dropping is there, and locked until the promotion ends that transaction; reading it would wait for ever.
 */
const tablesQuery = `
  SELECT format('%I.%I', n.nspname, c.relname) AS key,
         concat_ws(' ', CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END,
           CASE WHEN EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock'
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN 'locked' END) AS value
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'lifeboat')
   ORDER BY c.relpages DESC, 1 LIMIT $1`

const heartbeatQuery = `
  SELECT 'heartbeat' AS key, to_char(max(at) AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS value
    FROM lifeboat.heartbeat HAVING max(at) IS NOT NULL LIMIT $1`

/** More tables than this are counted as this many; reading that list is still one short answer. */
const countedTables = 10_000

/** Changes nothing: looks at what the standby holds at the moment where it stands, before anything that serves is touched. Safe to repeat; nothing to undo. */
export const checkContent = defineStep({
  id,
  title: 'Look at what the delayed standby holds',
  input: rollForwardInputs[id],
  output: contentOutput,
  precheck: async () => [],
  async run(context, { serverId, systemIdentifier, timeline, at }) {
    const system = `postgres ${serverId}`
    const server = context.service.postgres(serverId)
    const seen = await server.identify()
    expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    if (!seen.inRecovery) throw new Terminal(system, `${serverId} is not a standby any more`)
    if (seen.timeline !== timeline) {
      const message = `${serverId} stands on timeline ${seen.timeline}, the primary writes on ${timeline}: the moment lies before a failover. Restore from a backup instead`
      throw new Terminal(system, message)
    }
    const rows = await server.readPairs(tablesQuery, countedTables)
    if (rows.length === 0) throw new Terminal(system, `${serverId} holds no tables at ${at}: choose another moment`)
    const beat = (await server.readPairs(heartbeatQuery, 1))[0]?.value ?? null
    if (beat !== null && Date.parse(beat) >= Date.parse(at)) {
      throw new Terminal(system, `${serverId} holds a heartbeat of ${beat}, which is past ${at}; it is not used`)
    }
    const tables = rows.map(({ key, value }) => ({
      table: key,
      estimatedRows: /^\d+/.test(value) ? Number.parseInt(value, 10) : null,
      locked: value.endsWith('locked'),
    }))
    return done({
      tables: tables.slice(0, shownTables),
      tablesFound: tables.length,
      tablesLocked: tables.filter((each) => each.locked).length,
      lastHeartbeatAt: beat,
    })
  },
  async verify(context, { serverId }) {
    const seen = await context.service.agent(serverId).call('observe', {})
    if (seen.role !== 'standby' || seen.replayPaused !== true) {
      throw new NotVerified(`The agent of ${serverId} does not see it stand still`)
    }
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 5,
  backoffMs: 300,
  describe: ({ serverId, region, at }) => ({
    description: `Read from ${serverId} in ${region} which tables are there at ${at}, and the last heartbeat before it.`,
    commands: [
      ['psql', '-h', serverId, '-c', '\\dt *.*'],
      ['psql', '-h', serverId, '-c', 'SELECT max(at) FROM lifeboat.heartbeat'],
    ],
    changes: null,
  }),
})

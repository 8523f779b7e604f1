import { describe, expect, it } from 'vitest'
import { agentConfig, hostName } from './config'
import { conninfo, passwordLine, quoteSetting } from './conninfo'
import { parseControlData } from './control-file'
import { tokenChecker } from './http-server'
import { Mutex } from './mutex'
import { bytesToLsn, lsnToBytes, normaliseLsn, parseFork, segmentName, segmentStart } from './wal-position'

const segment = 16n * 1024n * 1024n

describe('WAL positions', () => {
  it('convert both ways, over the 4 GiB boundary too', () => {
    expect(lsnToBytes('1/0')).toBe(4_294_967_296n)
    expect(bytesToLsn(lsnToBytes('1/0') - 1n)).toBe('0/FFFFFFFF')
    expect(normaliseLsn('0/03000148')).toBe('0/3000148')
  })

  it('name their file, and the file its first byte', () => {
    expect(segmentName(2, '1/3000148', segment)).toBe('000000020000000100000003')
    expect(segmentStart('000000020000000100000003', segment)).toBe('1/3000000')
    expect(segmentName(1, '0/FF000000', segment)).toBe('0000000100000000000000FF')
  })

  it('find the last fork in a history file', () => {
    const history = '1\t0/3000148\tno recovery target specified\n\n2\t0/5000000\tno recovery target specified\n'
    expect(parseFork(history)).toEqual({ parentTimeline: 2, forkLsn: '0/5000000' })
    expect(parseFork('# a comment\n')).toBeNull()
  })
})

describe('what is handed to libpq', () => {
  it('keeps a value inside its quotes', () => {
    expect(conninfo({ host: 'db', password: "a'b\\c host=evil" })).toBe("host='db' password='a\\'b\\\\c host=evil'")
    expect(passwordLine('u:ser', 'p\\w:d')).toBe('*:*:*:u\\:ser:p\\\\w\\:d\n')
    expect(quoteSetting("it's")).toBe("'it''s'")
  })

  it.each(['x host=evil', "x'", 'postgres://x', '-x', '', 'a b', 'a\nb', '/socket', 'a,b'])(
    'refuses %j as a host',
    (name) => {
      expect(hostName.safeParse(name).success).toBe(false)
    },
  )

  it.each(['127.61.1.11', 'db-east-1.lab', 'localhost'])('takes %s', (name) => {
    expect(hostName.safeParse(name).success).toBe(true)
  })
})

describe('the control file', () => {
  const text = `Database system identifier:           7711079091463505303
Database cluster state:               shut down in recovery
Latest checkpoint location:           0/03000060
Latest checkpoint's REDO location:    0/3000028
Latest checkpoint's TimeLineID:       1
Min recovery ending loc's timeline:   2
Bytes per WAL segment:                16777216
`
  it('is read from the tool, whole or not at all', () => {
    expect(parseControlData(text)).toEqual({
      systemIdentifier: '7711079091463505303',
      control: { state: 'shut down in recovery', checkpointLsn: '0/3000060', redoLsn: '0/3000028', timeline: 1 },
      recoveryTimeline: 2,
      segmentBytes: segment,
    })
    expect(parseControlData(text.replace(/^Latest checkpoint location.*$/m, ''))).toBeNull()
  })
})

describe('the token', () => {
  it('is taken whole only', () => {
    const isAuthorised = tokenChecker('secret')
    expect(isAuthorised('Bearer secret')).toBe(true)
    for (const header of [undefined, '', 'Bearer', 'Bearer secre', 'Bearer secret ', 'bearer secret', 'Basic secret']) {
      expect(isAuthorised(header)).toBe(false)
    }
  })
})

describe('the mutex', () => {
  it('lets one in at a time, in order, and tells the impatient', async () => {
    const mutex = new Mutex()
    const order: number[] = []
    let finish = () => {}
    const first = mutex.run(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve
        }),
      1_000,
    )
    const impatient = mutex.run(async () => order.push(0), 5)
    const second = mutex.run(async () => order.push(2), 1_000)
    const third = mutex.run(async () => order.push(3), 1_000)
    await expect(impatient).rejects.toMatchObject({ kind: 'busy' })
    finish()
    await Promise.all([first, second, third])
    expect(order).toEqual([2, 3])
    await expect(
      mutex.run(async () => {
        throw new Error('x')
      }, 10),
    ).rejects.toThrow('x')
    expect(await mutex.run(async () => 'free', 10)).toBe('free')
  })
})

describe('the configuration', () => {
  const valid = {
    serverId: 'db-east-1',
    listen: { host: '127.0.0.1', port: 15433 },
    postgres: {
      host: '127.0.0.1',
      port: 15432,
      binDirectory: '/bin',
      dataDirectory: '/srv/data',
      osUser: null,
      superuserPasswordFile: '/a',
      replicationUser: 'replicator',
      replicationPasswordFile: '/b',
      monitorUser: 'lifeboat',
      monitorPasswordFile: '/c',
      databaseName: 'links',
    },
    tokenFile: '/d',
    stateDirectory: '/srv/agent',
    initialRole: 'primary',
    selfFenceAfterMs: 30_000,
  }

  it('has defaults, and refuses what could not work', () => {
    expect(agentConfig.parse(valid)).toMatchObject({ heartbeatIntervalMs: 1_000 })
    expect(agentConfig.safeParse({ ...valid, initialRole: 'standby' }).success).toBe(false)
    expect(agentConfig.safeParse({ ...valid, stateDirectory: '/srv/data/agent' }).success).toBe(false)
    const postgres = { ...valid.postgres, settings: { 'x\ny': '1' } }
    expect(agentConfig.safeParse({ ...valid, postgres }).success).toBe(false)
  })
})

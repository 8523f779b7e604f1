import {
  CreateHealthCheckCommand,
  DeleteHealthCheckCommand,
  GetHealthCheckCommand,
  GetHealthCheckStatusCommand,
  ListHealthChecksCommand,
  UpdateHealthCheckCommand,
} from '@aws-sdk/client-route-53'
import { describe, expect, it } from 'vitest'
import { answersOf, ask, change, client, endpoints, simple, testDns, until } from '@/lab/dns/test-dns'
import { rcode } from '@/lab/dns/wire'

const { start, answerWith } = testDns()

describe('the authority', () => {
  it('answers with authority, says what does not exist, and refuses what is not its own', async () => {
    await start()
    expect(await ask('go.lab')).toMatchObject({ code: rcode.ok, authoritative: true, answers: [endpoints.east] })
    expect(await ask('GO.LAB', 'AAAA')).toMatchObject({ code: rcode.ok, count: 0, soa: true })
    expect(await ask('no.lab')).toMatchObject({ code: rcode.nameError, soa: true, authoritative: true })
    expect(await ask('example.com')).toMatchObject({ code: rcode.refused, authoritative: false })
    expect(await ask('alias.lab')).toMatchObject({ answers: ['go.lab', endpoints.east] })
    expect(await ask('lab', 'SOA')).toMatchObject({ count: 1 })
  })

  it('truncates over UDP what fits over TCP only', async () => {
    await start()
    expect(await ask('big.lab', 'TXT')).toMatchObject({ count: 20 })
  })
})

describe('health checks and failover', () => {
  it('turns to the secondary, and back to the primary when both are red', async () => {
    await start()
    await until(
      () => answersOf('go.lab'),
      (answer) => answer === endpoints.east,
    )
    answerWith('east', 503)
    await until(
      () => answersOf('go.lab'),
      (answer) => answer === endpoints.west,
    )
    const status = await client().send(new GetHealthCheckStatusCommand({ HealthCheckId: 'check-east' }))
    expect(status.HealthCheckObservations).toHaveLength(5)
    expect(status.HealthCheckObservations?.[0]?.StatusReport?.Status).toContain('Failure: HTTP Status Code 503')
    answerWith('west', 503)
    await until(
      () => answersOf('go.lab'),
      (answer) => answer === endpoints.east,
    )
    answerWith('west', 200)
    await until(
      () => answersOf('go.lab'),
      (answer) => answer === endpoints.west,
    )
    await start()
    // A restart keeps the verdict; it does not begin again with "healthy".
    expect(await answersOf('go.lab')).toBe(endpoints.west)
  })

  it('knows inverted and disabled checks, versions, and repeated creation', async () => {
    await start()
    const created = await client().send(
      new CreateHealthCheckCommand({
        CallerReference: 'switch',
        HealthCheckConfig: {
          Type: 'HTTP',
          IPAddress: endpoints.west,
          Port: 18080,
          ResourcePath: '/switch',
          FailureThreshold: 1,
          Inverted: true,
        },
      }),
    )
    const id = created.HealthCheck?.Id ?? ''
    const version = created.HealthCheck?.HealthCheckVersion
    await client().send(
      change('UPSERT', {
        ...simple('go.lab', endpoints.east),
        SetIdentifier: 'east',
        Failover: 'PRIMARY',
        HealthCheckId: id,
      }),
    )
    await until(
      () => answersOf('go.lab'),
      (answer) => answer === endpoints.west,
    )
    const disable = new UpdateHealthCheckCommand({
      HealthCheckId: id,
      Disabled: true,
      Inverted: false,
      HealthCheckVersion: version,
    })
    await client().send(disable)
    await until(
      () => answersOf('go.lab'),
      (answer) => answer === endpoints.east,
    )
    await expect(client().send(disable)).rejects.toMatchObject({ name: 'HealthCheckVersionMismatch' })
    await client().send(new UpdateHealthCheckCommand({ HealthCheckId: id, Inverted: true }))
    await until(
      () => answersOf('go.lab'),
      (answer) => answer === endpoints.west,
    )
    expect((await client().send(new ListHealthChecksCommand({}))).HealthChecks).toHaveLength(3)
    const got = await client().send(new GetHealthCheckCommand({ HealthCheckId: id }))
    expect(got.HealthCheck).toMatchObject({
      HealthCheckVersion: 3,
      HealthCheckConfig: { Inverted: true, Disabled: true },
    })
    await client().send(new DeleteHealthCheckCommand({ HealthCheckId: id }))
    await expect(client().send(new GetHealthCheckCommand({ HealthCheckId: id }))).rejects.toMatchObject({
      name: 'NoSuchHealthCheck',
    })
  })
})

describe('a resolver', () => {
  it('keeps an answer for its time, whatever changes, and counts the time down', async () => {
    await start({ insyncMs: 0 })
    expect((await ask('go.lab', 'A', 15354)).ttl).toEqual([2])
    const filledAt = Date.now()
    await client().send(
      change('UPSERT', { ...simple('go.lab', '127.63.9.9'), TTL: 2, SetIdentifier: 'east', Failover: 'PRIMARY' }),
    )
    expect(await answersOf('go.lab')).toBe('127.63.9.9')
    expect(await answersOf('go.lab', 15354)).toBe(endpoints.east)
    expect(await answersOf('go.lab', 15355)).toBe('127.63.9.9')
    await until(
      () => ask('go.lab', 'A', 15354),
      (reply) => reply.ttl[0] === 1,
    )
    await until(
      () => answersOf('go.lab', 15354),
      (answer) => answer === '127.63.9.9',
    )
    expect(Date.now() - filledAt).toBeGreaterThan(1_950)
    expect(Date.now() - filledAt).toBeLessThan(4_000)
  })

  it('keeps that a name is missing no longer than the SOA allows', async () => {
    await start({ insyncMs: 0, negativeTtlSeconds: 1 })
    expect((await ask('late.lab', 'A', 15354)).code).toBe(rcode.nameError)
    await client().send(change('CREATE', simple('late.lab', '127.63.1.1')))
    expect((await ask('late.lab', 'A', 15354)).code).toBe(rcode.nameError)
    await until(
      () => answersOf('late.lab', 15354),
      (answer) => answer === '127.63.1.1',
      1_600,
    )
  })
})

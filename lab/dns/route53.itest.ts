import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  TestDNSAnswerCommand,
} from '@aws-sdk/client-route-53'
import { describe, expect, it } from 'vitest'
import { answersOf, ask, change, client, endpoints, simple, testDns, until, zoneId } from '@/lab/dns/test-dns'
import { rcode } from '@/lab/dns/wire'

const { start } = testDns()

describe('the Route 53 API', () => {
  it('answers changed records only when the change is INSYNC, and forgets nothing over a restart', async () => {
    await start()
    const { ChangeInfo } = await client().send(change('CREATE', simple('new.lab', '127.63.1.1')))
    expect(ChangeInfo?.Status).toBe('PENDING')
    expect((await ask('new.lab')).code).toBe(rcode.nameError)
    const status = async () => (await client().send(new GetChangeCommand({ Id: ChangeInfo?.Id }))).ChangeInfo?.Status
    await until(status, (value) => value === 'INSYNC')
    expect(await answersOf('new.lab')).toBe('127.63.1.1')
    await start()
    expect(await answersOf('new.lab')).toBe('127.63.1.1')
    expect(await status()).toBe('INSYNC')
  })

  it('applies a batch whole or not at all', async () => {
    await start({ insyncMs: 0 })
    const batch = new ChangeResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      ChangeBatch: {
        Changes: [
          { Action: 'CREATE', ResourceRecordSet: simple('one.lab', '127.63.1.1') },
          { Action: 'DELETE', ResourceRecordSet: simple('missing.lab', '127.63.1.1') },
        ],
      },
    })
    await expect(client().send(batch)).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: expect.stringContaining(
        "Tried to delete resource record set [name='missing.lab.', type='A'] but it was not found",
      ),
    })
    expect((await ask('one.lab')).code).toBe(rcode.nameError)
    await client().send(change('CREATE', simple('one.lab', '127.63.1.1')))
    await client().send(change('UPSERT', simple('one.lab', '127.63.1.2')))
    expect(await answersOf('one.lab')).toBe('127.63.1.2')
    await expect(client().send(change('DELETE', simple('one.lab', '127.63.1.1')))).rejects.toThrow('do not match')
    await client().send(change('DELETE', simple('one.lab', '127.63.1.2')))
    expect((await ask('one.lab')).code).toBe(rcode.nameError)
  })

  it('lists zones and records, in pages', async () => {
    await start()
    const all = await client().send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }))
    expect(all.ResourceRecordSets?.map((set) => [set.Name, set.Type, set.SetIdentifier])).toEqual([
      ['lab.', 'NS', undefined],
      ['lab.', 'SOA', undefined],
      ['alias.lab.', 'CNAME', undefined],
      ['big.lab.', 'TXT', undefined],
      ['go.lab.', 'A', 'east'],
      ['go.lab.', 'A', 'west'],
    ])
    const page = await client().send(
      new ListResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        StartRecordName: 'go.lab',
        StartRecordType: 'A',
        MaxItems: 1,
      }),
    )
    expect(page).toMatchObject({ IsTruncated: true, NextRecordName: 'go.lab.', NextRecordIdentifier: 'west' })
    expect(page.ResourceRecordSets?.[0]).toMatchObject({ Failover: 'PRIMARY', TTL: 2, HealthCheckId: 'check-east' })
    expect((await client().send(new GetHostedZoneCommand({ Id: zoneId }))).HostedZone).toMatchObject({ Name: 'lab.' })
    expect((await client().send(new ListHostedZonesCommand({}))).HostedZones).toHaveLength(1)
    expect((await client().send(new ListHostedZonesByNameCommand({ DNSName: 'lab' }))).HostedZones).toHaveLength(1)
    const answer = new TestDNSAnswerCommand({ HostedZoneId: zoneId, RecordName: 'go.lab', RecordType: 'A' })
    expect(await client().send(answer)).toMatchObject({ ResponseCode: 'NOERROR', RecordData: [endpoints.east] })
  })

  it('refuses a wrong signature, an unknown zone, an unknown health check', async () => {
    await start()
    await expect(client('wrong').send(new ListHostedZonesCommand({}))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    })
    await expect(client().send(new GetHostedZoneCommand({ Id: 'ZOTHER' }))).rejects.toMatchObject({
      name: 'NoSuchHostedZone',
    })
    await expect(
      client().send(change('CREATE', { ...simple('x.lab', '127.63.1.1'), HealthCheckId: 'nobody' })),
    ).rejects.toMatchObject({ name: 'NoSuchHealthCheck' })
  })

  it('throttles when told to', async () => {
    await start({ requestsPerSecond: 5 })
    const calls = await Promise.allSettled(
      Array.from({ length: 9 }, () => client().send(new ListHostedZonesCommand({}))),
    )
    const refused = calls.filter((call) => call.status === 'rejected')
    expect(refused).toHaveLength(4)
    expect(refused[0]).toMatchObject({ reason: { name: 'Throttling', message: 'Rate exceeded' } })
  })

  it('answers by location, and by wildcard', async () => {
    await start({
      insyncMs: 0,
      locations: [{ cidr: '192.0.2.0/24', continentCode: 'EU', countryCode: 'FR' }],
    })
    await client().send(
      change(
        'CREATE',
        { ...simple('*.geo.lab', '127.63.1.1'), SetIdentifier: 'default', GeoLocation: { CountryCode: '*' } },
        { ...simple('*.geo.lab', '127.63.1.2'), SetIdentifier: 'france', GeoLocation: { CountryCode: 'FR' } },
      ),
    )
    const from = async (ResolverIP: string) => {
      const test = new TestDNSAnswerCommand({
        HostedZoneId: zoneId,
        RecordName: 'any.geo.lab',
        RecordType: 'A',
        ResolverIP,
      })
      return (await client().send(test)).RecordData
    }
    expect(await from('192.0.2.7')).toEqual(['127.63.1.2'])
    expect(await from('198.51.100.7')).toEqual(['127.63.1.1'])
    expect(await answersOf('any.geo.lab')).toBe('127.63.1.1')
    const listed = await client().send(
      new ListResourceRecordSetsCommand({ HostedZoneId: zoneId, StartRecordName: '*.geo.lab' }),
    )
    expect(listed.ResourceRecordSets?.map((set) => set.GeoLocation?.CountryCode)).toContain('FR')
  })
})

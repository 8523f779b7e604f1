import type { Authority } from '@/lab/dns/authority'
import type { HealthChecks } from '@/lab/dns/health-checks'
import { absoluteName, listOrder, type RecordSet, Route53Error } from '@/lab/dns/model'
import {
  changesFrom,
  changeXml,
  healthCheckUpdateFrom,
  healthCheckXml,
  namespace,
  newHealthCheckFrom,
  observationXml,
  recordXml,
} from '@/lab/dns/route53-xml'
import { rcode, toAnswers } from '@/lab/dns/wire'
import type { Zone } from '@/lab/dns/zone'
import { tag, type Xml, type XmlContent, xmlDocument } from '@/lab/xml'

export type Call = { method: string; path: string; query: URLSearchParams; body: string; clientAddress: string }
export type Reply = { status: number; body: string }
export type Account = { zone: Zone; checks: HealthChecks; authority: Authority }

type Operation = (account: Account, call: Call, id: string) => Reply
/** Route 53 gives at most this many record sets, or health checks, a page. */
const largestPage = 300

function ok(name: string, content: XmlContent, status = 200): Reply {
  return { status, body: xmlDocument(name, namespace, content) }
}

function pageSize(call: Call): number {
  const asked = Number(call.query.get('maxitems') ?? largestPage)
  return Number.isInteger(asked) && asked > 0 ? Math.min(asked, largestPage) : largestPage
}

function zoneXml(zone: Zone): Xml {
  return tag('HostedZone', [
    tag('Id', `/hostedzone/${zone.options.zoneId}`),
    tag('Name', zone.name),
    tag('CallerReference', zone.options.zoneId),
    tag('Config', tag('PrivateZone', false)),
    tag('ResourceRecordSetCount', zone.records.length),
  ])
}

function needZone(account: Account, id: string): Zone {
  if (id !== account.zone.options.zoneId) {
    throw new Route53Error('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404)
  }
  return account.zone
}

const changeRecords: Operation = (account, call, id) => {
  const zone = needZone(account, id)
  const { changes, comment } = changesFrom(call.body)
  const unknown = changes
    .filter((change) => change.action !== 'DELETE')
    .map((change) => change.record.healthCheckId)
    .find((check) => check !== undefined && !account.checks.has(check))
  if (unknown !== undefined)
    throw new Route53Error('NoSuchHealthCheck', `No health check exists with ID ${unknown}`, 404)
  return ok('ChangeResourceRecordSetsResponse', changeXml(zone.change(changes, comment)))
}

const listRecords: Operation = (account, call, id) => {
  const all = needZone(account, id).records
  const name = call.query.get('name')
  const type = call.query.get('type') ?? ''
  const identifier = call.query.get('identifier') ?? ''
  if (name === null && type !== '') throw new Route53Error('InvalidInput', 'Invalid request: a type needs a name')
  const start: Pick<RecordSet, 'name' | 'setIdentifier'> = {
    name: absoluteName(name ?? '.'),
    setIdentifier: identifier,
  }
  const from =
    name === null
      ? 0
      : all.findIndex((record) => listOrder({ ...record, ...start, type: typeOr(record, type) }, record) <= 0)
  const rest = from < 0 ? [] : all.slice(from)
  const page = rest.slice(0, pageSize(call))
  const next = rest[page.length]
  return ok('ListResourceRecordSetsResponse', [
    tag('ResourceRecordSets', page.map(recordXml)),
    tag('IsTruncated', next !== undefined),
    tag('MaxItems', pageSize(call)),
    tag('NextRecordName', next?.name),
    tag('NextRecordType', next?.type),
    tag('NextRecordIdentifier', next?.setIdentifier),
  ])
}

/** The asked type when it is one, else the candidate's own: no type means "from the first of this name". */
function typeOr(record: RecordSet, type: string): RecordSet['type'] {
  const types: RecordSet['type'][] = ['A', 'AAAA', 'CNAME', 'TXT', 'NS', 'SOA', 'MX', 'SRV', 'CAA', 'PTR']
  return types.find((known) => known === type) ?? record.type
}

const getChange: Operation = (account, _call, id) => {
  const change = account.zone.findChange(id)
  if (!change) throw new Route53Error('NoSuchChange', `Could not find resource with ID: ${id}`, 404)
  return ok('GetChangeResponse', changeXml(change))
}

const getZone: Operation = (account, _call, id) =>
  ok('GetHostedZoneResponse', [
    zoneXml(needZone(account, id)),
    tag('DelegationSet', tag('NameServers', tag('NameServer', `ns.${account.zone.name.replace(/\.$/, '')}`))),
  ])

const listZones: Operation = (account, call) =>
  ok('ListHostedZonesResponse', [
    tag('HostedZones', zoneXml(account.zone)),
    tag('IsTruncated', false),
    tag('MaxItems', pageSize(call)),
  ])

const listZonesByName: Operation = (account, call) => {
  const from = call.query.get('dnsname')
  const reversed = (name: string) => absoluteName(name).split('.').reverse().join('.')
  const shown = from === null || reversed(account.zone.name) >= reversed(from)
  return ok('ListHostedZonesByNameResponse', [
    tag('HostedZones', shown ? zoneXml(account.zone) : null),
    tag('DNSName', from ?? undefined),
    tag('IsTruncated', false),
    tag('MaxItems', pageSize(call)),
  ])
}

const createCheck: Operation = (account, call) => {
  const { config, callerReference } = newHealthCheckFrom(call.body)
  const { check } = account.checks.create(config, callerReference)
  return ok('CreateHealthCheckResponse', healthCheckXml(check), 201)
}

const listChecks: Operation = (account, call) => {
  const all = account.checks.list().toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const marker = call.query.get('marker')
  const rest = all.filter((check) => marker === null || check.id >= marker)
  const page = rest.slice(0, pageSize(call))
  return ok('ListHealthChecksResponse', [
    tag('HealthChecks', page.map(healthCheckXml)),
    tag('Marker', marker ?? ''),
    tag('IsTruncated', rest.length > page.length),
    tag('NextMarker', rest[page.length]?.id),
    tag('MaxItems', pageSize(call)),
  ])
}

const getCheck: Operation = (account, _call, id) => ok('GetHealthCheckResponse', healthCheckXml(account.checks.get(id)))

const updateCheck: Operation = (account, call, id) => {
  const { changes, expectedVersion } = healthCheckUpdateFrom(call.body, account.checks.get(id))
  return ok('UpdateHealthCheckResponse', healthCheckXml(account.checks.update(id, changes, expectedVersion)))
}

const deleteCheck: Operation = (account, _call, id) => {
  account.checks.delete(id)
  return ok('DeleteHealthCheckResponse', null)
}

const checkStatus: Operation = (account, _call, id) =>
  ok(
    'GetHealthCheckStatusResponse',
    tag('HealthCheckObservations', account.checks.observations(id).map(observationXml)),
  )

const testAnswer: Operation = (account, call) => {
  needZone(account, call.query.get('hostedzoneid') ?? '')
  const name = call.query.get('recordname') ?? ''
  const type = call.query.get('recordtype') ?? ''
  const from = call.query.get('edns0clientsubnetip') ?? call.query.get('resolverip') ?? call.clientAddress
  const found = account.authority.lookup(name, type, from)
  const codes: Record<number, string> = { [rcode.nameError]: 'NXDOMAIN', [rcode.refused]: 'REFUSED' }
  return ok('TestDNSAnswerResponse', [
    tag('Nameserver', `ns.${account.zone.name.replace(/\.$/, '')}`),
    tag('RecordName', name),
    tag('RecordType', type),
    tag(
      'RecordData',
      found.sets
        .filter(({ record }) => toAnswers(record, record.name).length > 0)
        .flatMap(({ record }) => record.values.map((value) => tag('RecordDataEntry', value))),
    ),
    tag('ResponseCode', codes[found.code] ?? 'NOERROR'),
    tag('Protocol', 'UDP'),
  ])
}

const routes: { method: string; pattern: RegExp; operation: Operation }[] = [
  { method: 'POST', pattern: /^\/hostedzone\/([^/]+)\/rrset$/, operation: changeRecords },
  { method: 'GET', pattern: /^\/hostedzone\/([^/]+)\/rrset$/, operation: listRecords },
  { method: 'GET', pattern: /^\/change\/([^/]+)$/, operation: getChange },
  { method: 'GET', pattern: /^\/hostedzone\/([^/]+)$/, operation: getZone },
  { method: 'GET', pattern: /^\/hostedzone()$/, operation: listZones },
  { method: 'GET', pattern: /^\/hostedzonesbyname()$/, operation: listZonesByName },
  { method: 'POST', pattern: /^\/healthcheck()$/, operation: createCheck },
  { method: 'GET', pattern: /^\/healthcheck()$/, operation: listChecks },
  { method: 'GET', pattern: /^\/healthcheck\/([^/]+)\/status$/, operation: checkStatus },
  { method: 'GET', pattern: /^\/healthcheck\/([^/]+)$/, operation: getCheck },
  { method: 'POST', pattern: /^\/healthcheck\/([^/]+)$/, operation: updateCheck },
  { method: 'DELETE', pattern: /^\/healthcheck\/([^/]+)$/, operation: deleteCheck },
  { method: 'GET', pattern: /^\/testdnsanswer()$/, operation: testAnswer },
]

/** @throws Route53Error with what AWS would answer */
export function callOperation(account: Account, call: Call): Reply {
  for (const route of routes) {
    const match = route.method === call.method ? route.pattern.exec(call.path) : null
    if (match) return route.operation(account, call, decodeURIComponent(match[1] ?? ''))
  }
  throw new Route53Error('InvalidAction', `The lab's Route 53 has no ${call.method} ${call.path}`, 404)
}

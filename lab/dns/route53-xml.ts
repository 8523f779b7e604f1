import { z } from 'zod'
import { healthCheckConfig, recordConfig } from '@/lab/dns/config'
import type { Observation } from '@/lab/dns/health-checks'
import { type Change, type HealthCheck, type RecordSet, Route53Error } from '@/lab/dns/model'
import type { ChangeInfo } from '@/lab/dns/zone'
import { child, children, childText, parseXml, tag, type Xml, type XmlElement } from '@/lab/xml'

/** Between Route 53's XML and the lab's own words. */
export const namespace = 'https://route53.amazonaws.com/doc/2013-04-01/'

function invalid(error: z.ZodError): Route53Error {
  return new Route53Error('InvalidInput', `Invalid request: ${z.prettifyError(error)}`)
}

function document(body: string): XmlElement {
  const root = parseXml(body)
  if (!root) throw new Route53Error('InvalidInput', 'Invalid request: the body is not well-formed XML')
  return root
}

function number(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text)
}

function flag(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true'
}

const unsupportedParts = [
  'AliasTarget',
  'MultiValueAnswer',
  'Region',
  'TrafficPolicyInstanceId',
  'CidrRoutingConfig',
  'GeoProximityLocation',
]

function recordFrom(element: XmlElement | undefined): RecordSet {
  const unsupported = unsupportedParts.find((name) => child(element, name) !== undefined)
  if (unsupported) throw new Route53Error('InvalidInput', `Invalid request: the lab's Route 53 has no ${unsupported}`)
  const geo = child(element, 'GeoLocation')
  const parsed = recordConfig.safeParse({
    name: childText(element, 'Name'),
    type: childText(element, 'Type'),
    ttlSeconds: number(childText(element, 'TTL')),
    values: children(child(element, 'ResourceRecords'), 'ResourceRecord').map((one) => childText(one, 'Value') ?? ''),
    setIdentifier: childText(element, 'SetIdentifier'),
    failover: childText(element, 'Failover'),
    weight: number(childText(element, 'Weight')),
    geoLocation: geo && {
      continentCode: childText(geo, 'ContinentCode'),
      countryCode: childText(geo, 'CountryCode'),
      subdivisionCode: childText(geo, 'SubdivisionCode'),
    },
    healthCheckId: childText(element, 'HealthCheckId'),
  })
  if (!parsed.success) throw invalid(parsed.error)
  return parsed.data
}

const action = z.enum(['CREATE', 'DELETE', 'UPSERT'])

export function changesFrom(body: string): { changes: Change[]; comment: string } {
  const batch = child(document(body), 'ChangeBatch')
  const changes = children(child(batch, 'Changes'), 'Change').map((element) => {
    const parsed = action.safeParse(childText(element, 'Action'))
    if (!parsed.success) throw invalid(parsed.error)
    return { action: parsed.data, record: recordFrom(child(element, 'ResourceRecordSet')) }
  })
  if (changes.length === 0)
    throw new Route53Error('InvalidInput', 'Invalid request: Expected exactly one or more changes')
  return { changes, comment: childText(batch, 'Comment') ?? '' }
}

/** The settings of a health check as far as they are given. */
function settingsFrom(element: XmlElement): Record<string, unknown> {
  const given = {
    type: childText(element, 'Type'),
    ipAddress: childText(element, 'IPAddress'),
    port: number(childText(element, 'Port')),
    resourcePath: childText(element, 'ResourcePath'),
    fullyQualifiedDomainName: childText(element, 'FullyQualifiedDomainName'),
    searchString: childText(element, 'SearchString'),
    failureThreshold: number(childText(element, 'FailureThreshold')),
    requestIntervalSeconds: number(childText(element, 'RequestInterval')),
    inverted: flag(childText(element, 'Inverted')),
    disabled: flag(childText(element, 'Disabled')),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

export function newHealthCheckFrom(body: string) {
  const root = document(body)
  const callerReference = childText(root, 'CallerReference') ?? ''
  const element = child(root, 'HealthCheckConfig')
  const parsed = healthCheckConfig.omit({ id: true }).safeParse(element ? settingsFrom(element) : undefined)
  if (!parsed.success) throw invalid(parsed.error)
  if (callerReference === '') throw new Route53Error('InvalidInput', 'Invalid request: CallerReference is missing')
  return { config: parsed.data, callerReference }
}

export function healthCheckUpdateFrom(body: string, current: HealthCheck) {
  const root = document(body)
  const given = settingsFrom(root)
  const parsed = healthCheckConfig.safeParse({ ...current, ...given, id: current.id, type: current.type })
  if (!parsed.success) throw invalid(parsed.error)
  return { changes: parsed.data, expectedVersion: number(childText(root, 'HealthCheckVersion')) }
}

/** Route 53 writes `*` in names as an octal escape. */
function nameText(name: string): string {
  return name.replace(/^\*/, '\\052')
}

export function recordXml(record: RecordSet): Xml {
  const geo = record.geoLocation
  return tag('ResourceRecordSet', [
    tag('Name', nameText(record.name)),
    tag('Type', record.type),
    tag('SetIdentifier', record.setIdentifier),
    tag('Weight', record.weight),
    tag(
      'GeoLocation',
      geo && [
        tag('ContinentCode', geo.continentCode),
        tag('CountryCode', geo.countryCode),
        tag('SubdivisionCode', geo.subdivisionCode),
      ],
    ),
    tag('Failover', record.failover),
    tag('TTL', record.ttlSeconds),
    tag(
      'ResourceRecords',
      record.values.map((value) => tag('ResourceRecord', tag('Value', value))),
    ),
    tag('HealthCheckId', record.healthCheckId),
  ])
}

export function changeXml(change: ChangeInfo): Xml {
  return tag('ChangeInfo', [
    tag('Id', `/change/${change.id}`),
    tag('Status', change.status),
    tag('SubmittedAt', change.submittedAt),
    tag('Comment', change.comment === '' ? undefined : change.comment),
  ])
}

export function healthCheckXml(check: HealthCheck): Xml {
  return tag('HealthCheck', [
    tag('Id', check.id),
    tag('CallerReference', check.callerReference),
    tag('HealthCheckConfig', [
      tag('IPAddress', check.ipAddress),
      tag('Port', check.port),
      tag('Type', check.type),
      tag('ResourcePath', check.resourcePath),
      tag('FullyQualifiedDomainName', check.fullyQualifiedDomainName),
      tag('SearchString', check.searchString),
      tag('RequestInterval', check.requestIntervalSeconds),
      tag('FailureThreshold', check.failureThreshold),
      tag('MeasureLatency', false),
      tag('Inverted', check.inverted),
      tag('Disabled', check.disabled),
    ]),
    tag('HealthCheckVersion', check.version),
  ])
}

export function observationXml(observation: Observation): Xml {
  return tag('HealthCheckObservation', [
    tag('Region', observation.region),
    tag('IPAddress', observation.ipAddress),
    tag('StatusReport', [tag('Status', observation.status), tag('CheckedTime', observation.checkedAt)]),
  ])
}

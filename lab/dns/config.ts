import { z } from 'zod'

const port = z.int().min(1).max(65535)
const name = z.string().regex(/^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/, 'a domain name')

/** One resource record set, in the lab's words; `lab/dns/model.ts` has what Route 53 calls it. */
export const recordConfig = z
  .object({
    name,
    type: z.enum(['A', 'AAAA', 'CNAME', 'TXT', 'NS', 'SOA', 'MX', 'SRV', 'CAA', 'PTR']),
    ttlSeconds: z.int().min(0).max(2_147_483_647),
    values: z.array(z.string().min(1)).min(1),
    setIdentifier: z.string().min(1).max(128).optional(),
    failover: z.enum(['PRIMARY', 'SECONDARY']).optional(),
    weight: z.int().min(0).max(255).optional(),
    geoLocation: z
      .object({
        continentCode: z.string().length(2).optional(),
        /** `*` is the default location. */
        countryCode: z.string().min(1).max(2).optional(),
        subdivisionCode: z.string().min(1).max(3).optional(),
      })
      .optional(),
    healthCheckId: z.string().min(1).max(64).optional(),
  })
  .refine((record) => [record.failover, record.weight, record.geoLocation].filter((x) => x !== undefined).length <= 1, {
    message: 'failover, weight and geoLocation exclude each other',
  })

export const healthCheckConfig = z.object({
  id: z.string().min(1).max(64),
  callerReference: z.string().min(1).max(64).optional(),
  type: z.enum(['HTTP', 'HTTP_STR_MATCH', 'TCP']),
  ipAddress: z.ipv4(),
  port,
  /** HTTP kinds only. */
  resourcePath: z.string().startsWith('/').max(255).optional(),
  /** What the checkers send as Host; the address is used when absent. */
  fullyQualifiedDomainName: z.string().max(255).optional(),
  searchString: z.string().min(1).max(255).optional(),
  failureThreshold: z.int().min(1).max(10).default(3),
  /** Kept and told as Route 53 does; the lab checks each `checkIntervalMs` whatever it says. */
  requestIntervalSeconds: z.union([z.literal(10), z.literal(30)]).default(30),
  inverted: z.boolean().default(false),
  disabled: z.boolean().default(false),
})

/** Who asks from where, for geolocation records: the longest matching prefix wins. */
const location = z.object({
  cidr: z.cidrv4(),
  continentCode: z.string().length(2),
  countryCode: z.string().length(2),
  subdivisionCode: z.string().min(1).max(3).optional(),
})

export const dnsConfig = z.object({
  net: z.int().min(1).max(254),
  zone: name,
  zoneId: z.string().regex(/^Z[A-Z0-9]{1,31}$/, 'capital letters and digits, starting with Z'),
  listen: z.object({
    host: z.ipv4(),
    dnsPort: port.default(15353),
    resolverAPort: port.default(15354),
    resolverBPort: port.default(15355),
    route53Port: port.default(15380),
  }),
  /** Source address of a resolver's own queries: what geolocation sees. Absent: the listening address. */
  resolverSource: z.object({ a: z.ipv4().optional(), b: z.ipv4().optional() }).prefault({}),
  /** Used when there is no state file yet; afterwards the state file is the truth. SOA and NS are added. */
  records: z.array(recordConfig).default([]),
  healthChecks: z.array(healthCheckConfig).default([]),
  locations: z.array(location).default([]),
  accessKeyId: z.string().min(1),
  secretAccessKeyFile: z.string().min(1),
  /** A change is PENDING this long, and answered in DNS only afterwards. */
  insyncMs: z.int().min(0).default(1_000),
  checkIntervalMs: z.int().min(50).default(1_000),
  /** Connection and answer of one check; AWS allows 4 s to connect and 2 s more to answer over HTTP. */
  checkTimeoutMs: z.int().min(10).default(900),
  /** SOA minimum: how long a resolver may keep that a name does not exist. */
  negativeTtlSeconds: z.int().min(0).default(2),
  /** AWS allows 5 a second; null does not throttle. */
  requestsPerSecond: z.int().min(1).nullable().default(null),
  stateFile: z.string().min(1),
})

export type DnsConfig = z.infer<typeof dnsConfig>
export type RecordConfig = z.infer<typeof recordConfig>
export type HealthCheckConfig = z.infer<typeof healthCheckConfig>

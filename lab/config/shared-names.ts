import type { Region } from '@/lab/addressing'
import * as names from '@/lab/config/names'

/** The health check of a region's endpoint: it goes with the region's answers. */
export const endpointCheckId = (region: Region) => `endpoint-${region}`

type Place = { weight: number } | { continent: 'NA' | 'EU' } | { default: true }
type Shared = {
  name: string
  policy: 'weighted' | 'geolocation'
  ttlSeconds: number
  records: ({ region: Region; setIdentifier: string } & Place)[]
}

/** The names that both regions serve, as Lifeboat is told about them and as the zone begins. */
export const sharedNames: Shared[] = [
  {
    name: names.weightedName,
    policy: 'weighted',
    ttlSeconds: names.ttlSeconds,
    records: [
      { region: 'us-east', setIdentifier: 'links-us-east', weight: 50 },
      { region: 'us-west', setIdentifier: 'links-us-west', weight: 50 },
    ],
  },
  {
    name: names.geolocationName,
    policy: 'geolocation',
    ttlSeconds: names.ttlSeconds,
    records: [
      { region: 'us-east', setIdentifier: 'geo-north-america', continent: 'NA' },
      { region: 'us-west', setIdentifier: 'geo-europe', continent: 'EU' },
      { region: 'us-east', setIdentifier: 'geo-elsewhere', default: true },
    ],
  },
]

/** The public name in memory: failover or weighted records, and the switch objects that turn prepared records. */
type WorldRecord = {
  region: string
  values: string[]
  failover: 'PRIMARY' | 'SECONDARY' | null
  weight: number | null
  geo: string | null
}

export type Traffic = {
  records: WorldRecord[]
  /** Switch objects: the region that traffic was turned to, by the store it lies in. */
  turned: Record<string, number>
  method: 'record' | 'health-switch' | 'weighted' | 'geolocation'
  changes: number
}

export const answersOf = (region: string): string[] => [region === 'us-east' ? '127.1.1.10' : '127.1.2.10']
export const regionOf = (answer: string): string => (answer === '127.1.1.10' ? 'us-east' : 'us-west')

export function startTraffic(method: Traffic['method'], serving: string): Traffic {
  const records = ['us-east', 'us-west'].map((region) => ({
    region,
    values: answersOf(region),
    failover:
      method === 'weighted' || method === 'geolocation'
        ? null
        : region === serving
          ? ('PRIMARY' as const)
          : ('SECONDARY' as const),
    weight: method === 'weighted' ? 100 : null,
    geo: method === 'geolocation' ? (region === 'us-east' ? '*' : 'NA') : null,
  }))
  return { records, turned: {}, method, changes: 0 }
}

/** The regions that users are sent to. */
export function trafficRegions({ records, turned, method }: Traffic): string[] {
  if (method === 'weighted') return records.filter(({ weight }) => (weight ?? 0) > 0).map(({ region }) => region)
  if (method === 'geolocation') return [...new Set(records.flatMap(({ values }) => values.map(regionOf)))].sort()
  const newest = Object.entries(turned).sort((a, b) => b[1] - a[1])[0]
  if (newest) return [newest[0]]
  return records.filter(({ failover }) => failover === 'PRIMARY').map(({ region }) => region)
}

export const publicAnswers = (traffic: Traffic): string[] => trafficRegions(traffic).flatMap(answersOf)

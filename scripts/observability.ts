import { stringify } from 'yaml'
import { type Signal, signalIds, signalOf } from '@/server/domain/thresholds/table'

const durationText = (ms: number): string => `${Math.round(ms / 1000)}s`
const nameOf = (id: string): string =>
  id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

/** The limits are themselves exported, so that the rules follow what a person set for a service. */
function beyond(id: string, { direction }: Signal, severity: 'warn' | 'critical'): string {
  const value = `lifeboat_signal_value{signal="${id}"}`
  if (direction === 'exactly-one' && severity === 'warn') return `${value} < 1`
  const limit = `lifeboat_signal_threshold{signal="${id}",severity="${severity}"}`
  return `${value} ${direction === 'below' ? '<' : '>'} on (service, signal) group_left () ${limit}`
}

function rulesOf(id: string, signal: Signal) {
  const annotations = {
    summary: `${signal.title}: {{ $labels.subject }} of {{ $labels.service }}`,
    description: `${signal.meaning} ${signal.remedy}`,
  }
  const rule = (suffix: string, severity: string, expr: string, ms: number) => ({
    alert: `Lifeboat${nameOf(id)}${suffix}`,
    expr,
    for: durationText(ms),
    labels: { severity },
    annotations,
  })
  return [
    rule('Critical', 'critical', beyond(id, signal, 'critical'), signal.heldMs),
    rule('Warning', 'warning', beyond(id, signal, 'warn'), signal.heldMs),
    rule(
      'NotKnown',
      'warning',
      `lifeboat_signal_state{signal="${id}",state=~"unknown|stale"} == 1`,
      signal.staleAfterMs,
    ),
  ]
}

const own = [
  {
    alert: 'LifeboatNotScraped',
    expr: 'absent(lifeboat_control_database_up)',
    for: '60s',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'Nothing is heard of Lifeboat',
      description: 'No console answers a scrape: none of the other rules can fire.',
    },
  },
  {
    alert: 'LifeboatControlDatabaseDown',
    expr: 'lifeboat_control_database_up == 0',
    for: '30s',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'The control database does not answer',
      description: 'No run can start or go on, and nothing that is watched is known.',
    },
  },
  {
    alert: 'LifeboatNotReady',
    expr: 'lifeboat_readiness{status="ready"} == 0',
    for: '60s',
    labels: { severity: 'warning' },
    annotations: {
      summary: '{{ $labels.service }} could not fail over now, or it is not known',
      description: 'The service’s page says what stands in the way.',
    },
  },
]

/** Prometheus rules, from the table of thresholds. */
export function prometheusRules(): string {
  const groups = [
    { name: 'lifeboat', rules: own },
    { name: 'lifeboat-signals', rules: signalIds.flatMap((id) => rulesOf(id, signalOf(id))) },
  ]
  return `# Generated from the table of thresholds by npm run docs.\n${stringify({ groups }, { lineWidth: 0 })}`
}

const grafanaUnits: Readonly<Record<string, string>> = {
  s: 's',
  ms: 'ms',
  B: 'bytes',
  ratio: 'percentunit',
  count: 'short',
}

function panel(id: string, signal: Signal, index: number) {
  return {
    id: index + 1,
    type: 'timeseries',
    title: signal.title,
    description: signal.meaning,
    datasource: { type: 'prometheus', uid: '$datasource' },
    gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
    fieldConfig: {
      defaults: { unit: grafanaUnits[signal.unit] ?? 'short', custom: { spanNulls: false } },
      overrides: [],
    },
    targets: [
      { refId: 'A', expr: `lifeboat_signal_value{service="$service",signal="${id}"}`, legendFormat: '{{subject}}' },
      {
        refId: 'B',
        expr: `lifeboat_signal_threshold{service="$service",signal="${id}"}`,
        legendFormat: '{{severity}}',
      },
    ],
  }
}

/** A Grafana dashboard: one panel a signal, with its limits; gaps stay gaps. */
export function grafanaDashboard(): string {
  const list = [
    { name: 'datasource', type: 'datasource', query: 'prometheus' },
    {
      name: 'service',
      type: 'query',
      query: 'label_values(lifeboat_readiness, service)',
      datasource: { type: 'prometheus', uid: '$datasource' },
    },
  ]
  const dashboard = {
    uid: 'lifeboat',
    title: 'Lifeboat',
    schemaVersion: 39,
    time: { from: 'now-6h', to: 'now' },
    timezone: 'utc',
    templating: { list },
    panels: signalIds.map((id, index) => panel(id, signalOf(id), index)),
  }
  return `${JSON.stringify(dashboard, null, 2)}\n`
}

/** The table of thresholds for the documentation. */
export function thresholdTable(): string {
  const rows = signalIds.map((id) => {
    const { title, unit, direction, limits, heldMs, staleAfterMs, source, meaning } = signalOf(id)
    const words =
      direction === 'exactly-one'
        ? ['0', '2 or more']
        : [limits.warn, limits.critical].map((each) => `${direction} ${each} ${unit}`)
    return `| \`${id}\` | ${title}: ${meaning} | ${words[0]} | ${words[1]} | ${durationText(heldMs)} | ${durationText(staleAfterMs)} | ${source} |`
  })
  return [
    '| signal | what it says | warns | critical | held for | not known after | from |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

import { readFileSync, writeFileSync } from 'node:fs'
import { grafanaDashboard, prometheusRules, thresholdTable } from '@/scripts/observability'
import { runTransitions, stepTransitions, type Transition } from '@/server/domain/run/states'

/** Pages of docs/ that are made from the tables the engine obeys. `--check` only says whether they are current. */
function diagram(table: readonly Transition<string>[]): string {
  return ['```mermaid', 'stateDiagram-v2', ...table.map((row) => `  ${row.from} --> ${row.to}: ${row.on}`), '```'].join(
    '\n',
  )
}

function rows(table: readonly Transition<string>[]): string {
  const lines = table.map((row) => `| ${row.from} | ${row.on} | ${row.to} | ${row.guard} | ${row.comment} |`)
  return ['| from | on | to | only when | what a person reads |', '| --- | --- | --- | --- | --- |', ...lines].join(
    '\n',
  )
}

const states = `# States of a run and of a step

Generated from \`server/domain/run/states.ts\` by \`npm run docs\`; a test proves every state reachable and every open one leavable.

## A run

${diagram(runTransitions)}

${rows(runTransitions)}

## A step

${diagram(stepTransitions)}

${rows(stepTransitions)}
`

const thresholds = `# The table of thresholds

Generated from \`server/domain/thresholds/table.ts\` by \`npm run docs\`. Each service may set its own limits on its page of thresholds; what its configuration
says (the lag to alert at, the failures to confirm, the TTL) goes before the defaults here. See [alerts](alerts.md).

${thresholdTable()}
`

export const generated: Record<string, string> = {
  'docs/states.md': states,
  'docs/thresholds.md': thresholds,
  'deploy/observability/prometheus-rules.yaml': prometheusRules(),
  'deploy/observability/grafana-dashboard.json': grafanaDashboard(),
}

const check = process.argv.includes('--check')
for (const [path, text] of Object.entries(generated)) {
  const current = (() => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return null
    }
  })()
  if (current === text) continue
  if (check) {
    console.log(`${path} is not current: run npm run docs`)
    process.exitCode = 1
  } else {
    writeFileSync(path, text)
    console.log(`wrote ${path}`)
  }
}

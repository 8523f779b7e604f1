import { cruise, type ICruiseResult } from 'dependency-cruiser'

/**
 * Who may import whom (docs/architecture.md has the drawing): disallowed unless listed. Also fails when it read suspiciously few modules, since a
 * boundary check that reads nothing passes everything.
 */
const layers: Record<string, { files: string; may: string[] }> = {
  app: { files: '^(app/|proxy\\.ts)', may: ['app', 'components', 'http', 'services', 'queries', 'domain'] },
  components: { files: '^components/', may: ['components', 'domain', 'dto'] },
  dto: { files: '^server/queries/dto/', may: ['dto', 'domain'] },
  queries: { files: '^server/queries/(?!dto/)', may: ['queries', 'dto', 'services', 'domain', 'ports', 'db', 'jobs'] },
  services: { files: '^server/services/', may: ['services', 'dto', 'domain', 'ports', 'db', 'jobs'] },
  executor: { files: '^server/executor/', may: ['executor', 'steps', 'domain', 'ports', 'db'] },
  steps: { files: '^server/steps/', may: ['steps', 'ports', 'domain'] },
  adapters: { files: '^server/adapters/', may: ['adapters', 'ports', 'domain'] },
  ports: { files: '^server/ports/', may: ['ports', 'domain'] },
  domain: { files: '^server/domain/', may: ['domain'] },
  db: { files: '^server/db/', may: ['db', 'domain'] },
  jobs: { files: '^server/jobs/', may: ['jobs', 'domain'] },
  env: { files: '^server/env\\.ts$', may: ['domain'] },
  http: {
    files: '^server/http/',
    may: ['http', 'wiring', 'env', 'services', 'queries', 'dto', 'db', 'domain', 'ports', 'jobs'],
  },
  wiring: {
    files: '^server/wiring',
    may: [
      'wiring',
      'http',
      'env',
      'adapters',
      'steps',
      'executor',
      'services',
      'queries',
      'dto',
      'db',
      'domain',
      'ports',
      'jobs',
    ],
  },
  workers: {
    files: '^workers/',
    may: ['workers', 'wiring', 'env', 'executor', 'jobs', 'services', 'queries', 'dto', 'db', 'domain', 'ports'],
  },
  agent: { files: '^agent/', may: ['agent', 'domain'] },
}

const outside = ['lab', 'cli', 'bench', 'e2e', 'scripts', 'server/testing']
const tests = '\\.(test|itest)\\.tsx?$|/test-[a-z-]+\\.ts$'

const result = await cruise(
  ['app', 'components', 'server', 'workers', 'agent', ...outside.slice(0, 5)],
  {
    exclude: { path: 'server/db/generated|node_modules|\\.next|\\.lifeboat' },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    validate: true,
    ruleSet: {
      forbidden: [
        { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
        ...Object.entries(layers).map(([name, layer]) => ({
          name: `${name}-imports-only-what-is-listed`,
          severity: 'error' as const,
          from: { path: layer.files, pathNot: tests },
          to: {
            path: '^(app|components|server|workers|agent|lab|cli|bench|e2e|scripts)/',
            pathNot: layer.may.map((allowed) => layers[allowed]?.files ?? ''),
          },
        })),
        vendor('only-db-imports-prisma', 'server/db/generated|@prisma/', '^server/(db|testing|http/auth)|^scripts/'),
        vendor(
          'only-adapters-import-vendor-sdks',
          'node_modules/(@aws-sdk|@kubernetes)',
          '^server/adapters/|^lab/|^server/testing/',
        ),
      ],
    },
  },
  {},
  {},
)

function vendor(name: string, path: string, allowed: string) {
  return { name, severity: 'error' as const, from: { pathNot: [allowed, tests] }, to: { path } }
}

const output = result.output as ICruiseResult
const errors = output.summary.violations.filter((each) => each.rule.severity === 'error')
for (const each of errors) console.log(`${each.rule.name}: ${each.from} → ${each.to}`)
const fewest = 150
if (output.summary.totalCruised < fewest) {
  console.log(`Only ${output.summary.totalCruised} modules were read: the check itself is broken.`)
  process.exitCode = 1
}
if (errors.length > 0) process.exitCode = 1
console.log(`${output.summary.totalCruised} modules, ${errors.length} violations`)

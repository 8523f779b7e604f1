import { execa } from 'execa'

/** `npm run verify`: everything that needs no server, in seconds. Each check prints its own complaint; the first failure decides the exit code. */
const bin = (name: string): string => `node_modules/.bin/${name}`

const checks: { name: string; command: string; args: string[] }[] = [
  { name: 'format and lint', command: bin('biome'), args: ['ci', '--error-on-warnings', '.'] },
  { name: 'types', command: bin('tsc'), args: ['--noEmit', '-p', '.'] },
  { name: 'import boundaries', command: bin('tsx'), args: ['scripts/verify/boundaries.ts'] },
  { name: 'own rules', command: bin('tsx'), args: ['scripts/verify/own-rules.ts'] },
  { name: 'paths cited in docs', command: bin('tsx'), args: ['scripts/verify/doc-paths.ts'] },
  { name: 'generated files', command: bin('tsx'), args: ['scripts/generate-docs.ts', '--check'] },
  { name: 'dead code', command: bin('knip'), args: [] },
  { name: 'unit tests', command: bin('vitest'), args: ['run', '--config', 'vitest.config.ts', '--project', 'unit'] },
]

let failed = 0
for (const check of checks) {
  const begun = performance.now()
  const result = await execa(check.command, check.args, { all: true, reject: false })
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  const ok = result.exitCode === 0
  console.log(`${ok ? '✓' : '✖'} ${check.name} (${seconds} s)`)
  if (!ok || check.name === 'unit tests') console.log(result.all)
  if (!ok) failed += 1
}
process.exitCode = failed === 0 ? 0 : 1

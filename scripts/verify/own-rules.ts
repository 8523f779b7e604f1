import { readFileSync } from 'node:fs'
import { globSync } from './files'

/** Rules of this project that no linter knows. Each row: which files, what is forbidden, why. */
const rules: { files: (path: string) => boolean; forbidden: RegExp; why: string }[] = [
  {
    files: (path) =>
      /^(server|app|components)\//.test(path) &&
      path !== 'server/env.ts' &&
      !path.startsWith('server/testing/') &&
      !isTest(path),
    forbidden: /process\.env/,
    why: 'server/env.ts is the only reader of the environment',
  },
  {
    files: (path) => !isTest(path),
    forbidden: /\$(queryRawUnsafe|executeRawUnsafe)/,
    why: 'SQL is bound, never joined',
  },
  { files: () => true, forbidden: /\bshell: true\b|child_process'.*\bexec\b\(/, why: 'arguments are arrays; no shell' },
  {
    files: () => true,
    forbidden: /\b(it|test|describe)\.(only|skip|todo)\b|waitForTimeout\(/,
    why: 'a test that does not run, or sleeps, proves nothing',
  },
  {
    files: () => true,
    forbidden: /@ts-(ignore|expect-error|nocheck)|\bas any\b|^[^*]*[\w)?]: any\b/,
    why: 'types are kept',
  },
  {
    files: (path) => /^app\/api\/.*route\.ts$/.test(path),
    forbidden: /export (async )?function (GET|POST|PUT|PATCH|DELETE)/,
    why: 'a handler comes from the operations table, which declares its right',
  },
]

const self = 'scripts/verify/own-rules.ts'
function isTest(path: string): boolean {
  return /\.(test|itest|e2e)\.tsx?$/.test(path) || path.startsWith('e2e/')
}

let broken = 0
for (const path of globSync(/\.(ts|tsx)$/)) {
  if (path === self) continue
  const lines = readFileSync(path, 'utf8').split('\n')
  if (lines.length > 400) report(`${path}: ${lines.length} lines; what is the second idea in it?`)
  for (const rule of rules.filter((each) => each.files(path))) {
    lines.forEach((line, index) => {
      if (rule.forbidden.test(line)) report(`${path}:${index + 1}: ${rule.why}`)
    })
  }
}

function report(message: string): void {
  console.log(message)
  broken += 1
}
process.exitCode = broken === 0 ? 0 : 1

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

/**
 * `npm run test:guards`: takes each guard away in turn, in a copy of the checkout, and runs the tests that are there to notice. A guard whose removal stays green is
 * untested. The same tests run first with every guard in place, so that red means the guard. `npm run test:guards -- lease` runs the guards whose name has that word.
 */
type Guard = { name: string; file: string; find: string; put: string; test: string; named: string }

const harness = 'server/executor/failover-harness.itest.ts'
const promotion = 'server/steps/fence-and-promote.itest.ts'
const decide = 'server/services/runs/decide.itest.ts'

const guards: readonly Guard[] = [
  {
    name: 'evidence of fencing before a promotion',
    file: 'server/steps/evidence.ts',
    find: 'if (!parsed.success || parsed.data.serverId !== serverId || parsed.data.facts.length === 0) return null',
    put: "if (!parsed.success) return { method: 'platform', serverId, facts: [], provedAt: '' }",
    test: promotion,
    named: 'does not promote without evidence',
  },
  {
    name: 'a primary that takes writes is not called fenced',
    file: 'server/steps/postgres/verify-fence.ts',
    find: "if (answer.kind === 'accepts-writes') {",
    put: 'if (answer === null) {',
    test: promotion,
    named: 'does not call a running primary fenced',
  },
  {
    name: 'generation at the agent',
    file: 'agent/generation.ts',
    find: 'if (generation >= newest) return',
    put: 'if (generation >= 0) return',
    test: 'agent/agent.itest.ts',
    named: 'a stale generation before anything else',
  },
  {
    name: 'lease at each write of the journal',
    file: 'server/executor/lease.ts',
    find: 'if (held.length === 0) throw',
    put: 'if (held.length < 0) throw',
    test: harness,
    named: 'can write nothing',
  },
  {
    name: 'digest of the plan before each step',
    file: 'server/domain/run/authority.ts',
    find: 'if (digestOf(facts.planDocument) !== facts.runDigest)',
    put: 'if (facts.planDocument === undefined)',
    test: harness,
    named: 'changed after its approval',
  },
  {
    name: 'approvals counted again before each step',
    file: 'server/domain/run/authority.ts',
    find: "may(approval.grants, 'run.approve', facts.plan.service) &&",
    put: '',
    test: harness,
    named: 'lost the right before promotion',
  },
  {
    name: 'nobody approves their own request',
    file: 'server/domain/run/can.ts',
    find: "rule('own-request', ({ run, person }) => run.requesterId === person.id,",
    put: "rule('own-request', ({ run }) => run.requesterId === null,",
    test: decide,
    named: 'refuses the requester',
  },
  {
    name: 'an approval is for one digest',
    file: 'server/services/runs/decide.ts',
    find: 'if (digest === run.digest && digestOf(run.planDocument) === run.digest) return',
    put: 'if (digest) return',
    test: decide,
    named: 'refuses another digest',
  },
  {
    name: 'audit entry with each change',
    file: 'server/db/audit.ts',
    find: 'const guessed = guess &&',
    put: "if (entry.at) return { seq: 0, hash: '' }\n  const guessed = guess &&",
    test: harness,
    named: 'an audit entry that cannot be written',
  },
  {
    name: 'proof of a write before traffic moves',
    file: 'server/steps/evidence.ts',
    find: 'if (proof.success && proof.data.region === region) return',
    put: 'if (proof) return',
    test: 'server/steps/dns/dns-steps.itest.ts',
    named: '',
  },
]

const repository = process.cwd()
const left = new Set(['node_modules', '.next', '.lifeboat', '.git', 'test-results', 'docs'])

/** The working tree as it is, with its modules by link. */
function copyOfCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), 'lifeboat-guards-'))
  cpSync(repository, copy, { recursive: true, filter: (path) => path === repository || !left.has(basename(path)) })
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

type Verdict = { green: boolean; ran: number; output: string }

function runTests(copy: string, guard: Guard): Verdict {
  const report = join(copy, 'guard-report.json')
  rmSync(report, { force: true })
  const named = guard.named === '' ? [] : ['-t', guard.named]
  const project = guard.test.endsWith('.itest.ts') ? 'integration' : 'unit'
  const args = [
    'run',
    '--config',
    'vitest.config.ts',
    '--project',
    project,
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  const done = spawnSync(join(repository, 'node_modules/.bin/vitest'), [...args, guard.test, ...named], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '--conditions=react-server' },
    timeout: 240_000,
  })
  const counted = JSON.parse(readFileSync(report, 'utf8'))
  const output = `${done.stdout}${done.stderr}`.slice(-1_500)
  return { green: counted.success === true, ran: counted.numPassedTests + counted.numFailedTests, output }
}

/** @returns what is wrong with the guard; null when its removal is noticed */
function tryGuard(copy: string, guard: Guard): string | null {
  const path = join(copy, guard.file)
  const original = readFileSync(path, 'utf8')
  if (original.split(guard.find).length !== 2)
    return `${guard.file} has not exactly one place that reads: ${guard.find}`
  const whole = runTests(copy, guard)
  if (!whole.green || whole.ran === 0)
    return `its tests are not green with the guard in place (${whole.ran} ran): ${whole.output}`
  try {
    writeFileSync(
      path,
      original.replace(guard.find, () => guard.put),
    )
    return runTests(copy, guard).green ? 'its removal was not noticed' : null
  } finally {
    writeFileSync(path, original)
  }
}

function main(): number {
  const word = process.argv[2] ?? ''
  const chosen = guards.filter((guard) => guard.name.includes(word))
  const copy = copyOfCheckout()
  let missed = 0
  try {
    for (const guard of chosen) {
      const begun = performance.now()
      const problem = tryGuard(copy, guard)
      if (problem) missed += 1
      const took = ((performance.now() - begun) / 1000).toFixed(0)
      console.log(`${problem ? '✖' : '✓'} ${guard.name} (${guard.file}, ${took} s)${problem ? `\n    ${problem}` : ''}`)
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  console.log(`${chosen.length - missed} of ${chosen.length} guards are missed by a test when they are gone`)
  return missed === 0 ? 0 : 1
}

process.exit(main())

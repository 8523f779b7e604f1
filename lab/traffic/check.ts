import type { Generator } from '@/lab/traffic/generator'
import type { Ledger } from '@/lab/traffic/ledger'
import type { Promises } from '@/lab/traffic/promises'

export type CheckResult = {
  checkedAt: string
  checked: number
  /** How many acknowledged links the service does not know, or sends elsewhere. */
  missing: number
  /** The first thousand of them. */
  missingCodes: string[]
  /** Links about which the service said nothing, asked twice. */
  undetermined: number
}

/** Looks at once; more would be a load test. */
const parallel = 16
const listedCodes = 1_000
/** After this many silent answers in a row the service is away, and a check says nothing about loss. */
const silenceLimit = 64

/**
 * Follows every link acknowledged so far, by name, as users do.
 * @returns null when the service is away: then nothing is known
 */
export async function checkAll(generator: Generator, promises: Promises, ledger: Ledger): Promise<CheckResult | null> {
  const total = promises.count
  const missingCodes: string[] = []
  let next = 0
  let missing = 0
  let undetermined = 0
  let silent = 0
  const work = async () => {
    while (next < total && silent < silenceLimit) {
      const promised = promises.get(next)
      next += 1
      if (!promised) continue
      let { verdict } = await generator.look(promised)
      if (verdict === 'undetermined') verdict = (await generator.look(promised)).verdict
      silent = verdict === 'undetermined' ? silent + 1 : 0
      if (verdict === 'undetermined') undetermined += 1
      if (verdict !== 'missing' && verdict !== 'wrong') continue
      missing += 1
      if (missingCodes.length < listedCodes) missingCodes.push(promised.code)
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  if (silent >= silenceLimit) return null
  ledger.append({ kind: 'check', checked: total, missing, undetermined, missingCodes })
  return { checkedAt: new Date().toISOString(), checked: total, missing, missingCodes, undetermined }
}

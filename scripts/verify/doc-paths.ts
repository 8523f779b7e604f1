import { existsSync, readFileSync } from 'node:fs'
import { globSync } from './files'

/** Every path that a document names in backticks or links to must be there: a page that points nowhere no longer tells the truth. */
const tops = 'app|components|server|workers|prisma|agent|lab|cli|e2e|bench|deploy|docs|public|scripts'
const cited = new RegExp(`(?:\`|\\]\\()((?:${tops})/[A-Za-z0-9_./()\\[\\]-]+?)(?:\`|\\))`, 'g')

let missing = 0
for (const page of globSync(/\.md$/)) {
  const text = readFileSync(page, 'utf8')
  for (const match of text.matchAll(cited)) {
    const path = (match[1] ?? '').replace(/\/$/, '')
    // A path below the page's own folder may be meant from there, and what the state directory holds is named in the page's own words.
    if (
      /[*<{]/.test(path) ||
      existsSync(path) ||
      /^lab\/(lab\.json|lifeboat\.yaml|traffic\/ledger|machines)/.test(path)
    )
      continue
    console.log(`${page}: ${path} is not there`)
    missing += 1
  }
}
process.exitCode = missing === 0 ? 0 : 1

import AxeBuilder from '@axe-core/playwright'
import { type Browser, expect, type Page } from '@playwright/test'
import type { Story } from '../lab/story'

export type Look = { phone?: boolean; scheme?: 'dark' | 'light' }

/** A person at a browser of their own, signed in through the page. */
export async function signIn(browser: Browser, story: Story, who: string, look: Look = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: story.url,
    colorScheme: look.scheme ?? 'dark',
    viewport: look.phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    hasTouch: look.phone ?? false,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const account = story.account(who)
  await page.goto('/sign-in')
  await page.getByLabel('E-mail').fill(account.email)
  await page.getByLabel('Password').fill(account.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).not.toHaveURL(/sign-in/)
  return page
}

/**
 * No finding of axe that is serious or critical, and nothing that makes the page scroll sideways. Values are dimmed for a moment while newer ones are fetched, which is what
 * tells them from fresh ones: looked at again until the page has settled, and what stays is a finding.
 */
export async function expectSound(page: Page, what: string): Promise<void> {
  await expect(async () => {
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
      .analyze()
    const serious = violations.filter((each) => each.impact === 'serious' || each.impact === 'critical')
    const found = serious.map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(' ')).join(', ')}`)
    expect(found, what).toEqual([])
  }).toPass({ timeout: 30_000 })
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(sideways, `${what} scrolls sideways`).toBeLessThanOrEqual(0)
}

/** A picture for the README, taken only when asked for, since pictures of each test run would differ. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env.LIFEBOAT_SCREENSHOTS) await page.screenshot({ path: `docs/screenshots/${name}.png` })
}

import { expect, type Page, test } from '@playwright/test'
import { eventually } from '@/lab/testing'
import { type Story, startStory } from '../lab/story'
import { incidentIn, traffic } from '../lab/watch'
import { expectSound, picture, signIn } from './people'

/** The whole story by role and name: two people, a killed region, a phone. */
let story: Story

test.beforeAll(async () => {
  test.setTimeout(300_000)
  story = await startStory('journey', { net: 75, port: 3375, instances: '4/2' })
})

test.afterAll(async () => {
  await story?.stop()
})

test('a region is lost, somebody asks, somebody else approves on a phone, and the service is back', async ({
  browser,
}) => {
  const operator = await signIn(browser, story, 'operator')
  const approver = await signIn(browser, story, 'approver', { phone: true, scheme: 'light' })

  await test.step('before: the overview answers its question', async () => {
    await expect(operator.getByRole('heading', { level: 1 })).toContainText(/ready/i)
    await expectSound(operator, 'overview')
    await picture(operator, 'overview-desktop-dark')
    await expectSound(approver, 'overview on a phone')
    await operator.goto('/services/shortener')
    await expect(
      operator
        .getByRole('button', { name: /Fail over to US West/ })
        .or(operator.getByRole('link', { name: /Fail over to US West/ })),
    ).toBeVisible()
    await expectSound(operator, 'service page')
    await picture(operator, 'service-desktop-dark')
  })

  await test.step('us-east is killed; the incident opens by itself', async () => {
    await story.lab.fault('kill', 'us-east')
    await incidentIn(story, ['confirmed'])
    await expect(operator.getByRole('link', { name: /Fail over to US West/ })).toBeVisible({ timeout: 30_000 })
  })

  const runPath = await test.step('the operator asks', async () => {
    await operator.getByRole('link', { name: /Fail over to US West/ }).click()
    await expect(
      operator.getByText('platform.power-off-primary').or(operator.getByText(/Power off/).first()),
    ).toBeVisible()
    await expectSound(operator, 'wizard')
    await picture(operator, 'wizard-desktop-dark')
    await operator.getByLabel('Reason').fill('us-east is gone')
    const submit = operator.getByRole('button', { name: /Request failover to US West/ })
    await submit.click()
    await expect(operator.getByText(/Type us-west, the region/)).toBeVisible()
    await operator.getByLabel(/Type the destination region/).fill('us-west')
    await submit.click()
    await operator.waitForURL(/\/runs\//)
    return new URL(operator.url()).pathname
  })

  await test.step('the operator cannot approve it, and is told why', async () => {
    const own = await operator.context().newPage()
    await own.goto('/approvals')
    await expect(own.getByRole('button', { name: 'Approve this plan' })).toBeDisabled()
    await expect(own.getByText('You cannot decide on this:')).toBeVisible()
    await own.close()
  })

  await test.step('the approver says yes on a phone', async () => {
    await approver.goto('/approvals')
    const yes = approver.getByRole('button', { name: 'Approve this plan' })
    await expect(yes).toBeEnabled()
    const box = await yes.boundingBox()
    expect(box?.height ?? 0).toBeGreaterThanOrEqual(44)
    await expectSound(approver, 'approvals on a phone')
    await picture(approver, 'approval-phone-light')
    await yes.click()
  })

  await test.step('the run is watched live, by both, and ends well', async () => {
    await expect(operator.getByText('Point of no return', { exact: false }).first()).toBeVisible()
    await expect(operator.getByRole('heading', { level: 1 })).toContainText(/steps done|Succeeded/)
    await picture(operator, 'run-desktop-dark')
    await expect(operator.getByRole('heading', { level: 1 })).toContainText(/succeeded|is back|done/i, {
      timeout: 120_000,
    })
    await expectSound(operator, 'run page')
    await approver.goto(runPath)
    await expect(approver.getByRole('heading', { level: 1 })).toContainText('Succeeded')
    await expectSound(approver, 'run page on a phone')
    await eventually(
      'users to be served from us-west',
      async () => (await traffic(story)).currentRegion === 'us-west',
      30_000,
    )
  })

  await test.step('the time is measured, and the page shows it without being reloaded', async () => {
    await expect(operator.getByRole('heading', { level: 1 })).toContainText('users were without the service for', {
      timeout: 60_000,
    })
    await expect(operator.getByRole('heading', { name: 'Recovery time, measured' })).toBeVisible()
    await expect(operator.getByRole('heading', { name: 'Loss, measured' })).toBeVisible()
    await picture(operator, 'run-ended-desktop-dark')
  })

  await test.step('the audit trail holds', async () => {
    await operator.goto('/audit')
    await operator.getByRole('button', { name: 'Verify now' }).click()
    await expect(operator.getByText(/The chain holds|holds/).first()).toBeVisible()
    await expectSound(operator, 'audit')
    await picture(operator, 'audit-desktop-dark')
  })

  await test.step('the next question is answered honestly: there is no standby now', async () => {
    await operator.goto('/')
    await expect(operator.getByRole('heading', { level: 1 })).not.toContainText(/^ready/i)
    await expectSound(operator, 'overview after the failover')
    await picture(operator, 'overview-after-desktop-dark')
  })
})

test('the lost region returns as a standby, and a planned switchover makes it the primary again', async ({
  browser,
}) => {
  const operator = await signIn(browser, story, 'operator')
  const approver = await signIn(browser, story, 'approver', { phone: true, scheme: 'light' })

  await test.step('it has power again, and is held out', async () => {
    await story.lab.fault('restore', 'us-east')
    await operator.goto('/services/shortener')
    await expect(operator.getByRole('link', { name: /Plan a failback/ })).toBeVisible({ timeout: 60_000 })
    await expect(operator.getByText('Going back now would lose')).toBeVisible()
    await expectSound(operator, 'service page with the old primary kept')
    await picture(operator, 'commit-window-desktop-dark')
  })

  await test.step('somebody commits to the new primary', async () => {
    await operator.getByRole('button', { name: /Commit to db-west-1/ }).click()
    await operator.getByLabel('Reason').fill('the service runs well in us-west')
    await operator.getByRole('button', { name: 'Commit, and give up the way back' }).click()
    await expect(operator.getByText('Old primary: no longer kept')).toBeVisible()
  })

  await test.step('failback: what only it has is kept, it is rebuilt, compared and tested', async () => {
    await carryOut(operator, approver, { path: 'failback', request: /Request failback of US East/, region: 'us-east' })
    await picture(operator, 'failback-ended-desktop-dark')
  })

  await test.step('switchover: the way home loses nothing', async () => {
    await carryOut(operator, approver, {
      path: 'switchover',
      request: /Request switchover to US East/,
      region: 'us-east',
    })
    await expect(operator.getByText('Nothing is lost').or(operator.getByText('Nothing was lost')).first()).toBeVisible({
      timeout: 60_000,
    })
    await picture(operator, 'switchover-ended-desktop-dark')
    await eventually(
      'users to be served from us-east',
      async () => (await traffic(story)).currentRegion === 'us-east',
      30_000,
    )
  })

  await test.step('what would happen by itself is said in words', async () => {
    await approver.goto('/services/shortener/mode')
    await expect(approver.getByRole('heading', { level: 1 })).toContainText('nothing happens by itself')
    await expectSound(approver, 'mode page on a phone')
    await operator.goto('/services/shortener/mode')
    await picture(operator, 'mode-desktop-dark')
  })
})

type Asked = { path: string; request: RegExp; region: string }

/** Asks for a planned run from its page once nothing blocks it, approves it on a phone, and sees it end well. */
async function carryOut(operator: Page, approver: Page, { path, request, region }: Asked): Promise<void> {
  const submit = operator.getByRole('button', { name: request })
  await expect(async () => {
    await operator.goto(`/services/shortener/${path}`)
    await expect(submit).toBeEnabled({ timeout: 10_000 })
  }).toPass({ timeout: 120_000 })
  await expectSound(operator, `${path} wizard`)
  await operator.getByLabel('Reason').fill('as planned')
  await operator.getByLabel(/Type the destination region/).fill(region)
  await submit.click()
  await operator.waitForURL(/\/runs\//)
  await approver.goto('/approvals')
  await approver.getByRole('button', { name: 'Approve this plan' }).click()
  await expect(operator.getByRole('heading', { level: 1 })).toContainText(/succeeded/i, { timeout: 180_000 })
  await expectSound(operator, `run page of a ${path}`)
}

test('nobody gets in without signing in, and a wrong password says so without a hint', async ({ browser }) => {
  const context = await browser.newContext({ baseURL: story.url })
  const page = await context.newPage()
  await page.goto('/services/shortener')
  await expect(page).toHaveURL(/sign-in\?next=/)
  await page.getByLabel('E-mail').fill('nobody@lifeboat.lab')
  await page.getByLabel('Password').fill('wrong-password-here')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('E-mail and password do not fit together')).toBeVisible()
  await expectSound(page, 'sign-in')
})

test('a lost connection is shown, and the page is right again after it', async ({ browser }) => {
  const viewer = await signIn(browser, story, 'viewer')
  await expect(connection(viewer)).toContainText(/live/i)
  await viewer.context().setOffline(true)
  await expect(connection(viewer)).toContainText(/offline|polling/i, { timeout: 60_000 })
  await viewer.context().setOffline(false)
  await expect(connection(viewer)).toContainText(/live/i, { timeout: 60_000 })
  await expect(viewer.getByRole('link', { name: /Approvals/ }).first()).toBeVisible()
})

function connection(page: Page) {
  return page.getByRole('button', { name: /^Connection:/ })
}

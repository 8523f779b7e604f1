import { defineConfig, devices } from '@playwright/test'
import { findProgram } from '@/lab/programs'

/** The browser is the system's own: nothing is downloaded. One worker, since the pages share one lab and tell one story. */
const launchOptions = {
  executablePath:
    process.env.CHROMIUM_PATH ??
    findProgram(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) ??
    '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--no-first-run',
  ],
}

export default defineConfig({
  testDir: './browser',
  testMatch: '*.e2e.ts',
  outputDir: '../test-results',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 400_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1440, height: 900 },
    launchOptions,
    // Without pictures and snapshots: taking them costs more than the pages do, on a small machine.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: false },
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
  },
})

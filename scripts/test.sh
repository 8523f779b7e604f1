#!/bin/sh
# Everything: unit and integration tests, the lab from outside, and the browser. Sets up what is missing first.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh --tests
export NODE_OPTIONS="${NODE_OPTIONS:-} --conditions=react-server"
node_modules/.bin/vitest run --config vitest.config.ts --project unit
node_modules/.bin/tsx scripts/test-integration.ts
unset NODE_OPTIONS
node_modules/.bin/playwright test --config e2e/playwright.config.ts

#!/bin/sh
# Brings a checkout to where Lifeboat can start. Quick when there is nothing to do. Options are passed on: see scripts/setup.ts.
set -eu
cd "$(dirname "$0")/.."

if ! command -v node >/dev/null 2>&1; then
  echo 'Lifeboat needs Node.js 20.19 or newer, and there is no node on the PATH.' >&2
  exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  echo "Lifeboat needs Node.js 20.19 or newer; this is $(node --version)." >&2
  exit 1
fi

installed=node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ -n "$(find package-lock.json -newer "$installed")" ]; then
  echo '… packages (npm ci)'
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch "$installed"
fi

exec node --import tsx scripts/setup.ts "$@"

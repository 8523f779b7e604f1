import { workerWiring } from '@/server/wiring-worker'
import { startWorker } from './worker'

/** One worker at one vantage point. It ends on SIGTERM or SIGINT alone: whatever else is away, it waits and goes on. */
const wiring = workerWiring()
const worker = startWorker(wiring)

/** Longer than a clean stop takes; then what is left is another worker's. */
const hardStopMs = 4_500

let stopping = false
function stop(signal: NodeJS.Signals): void {
  if (stopping) return
  stopping = true
  wiring.log.info({ signal }, 'stopping')
  setTimeout(() => process.exit(1), hardStopMs).unref()
  worker.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      wiring.log.error({ error: String(error) }, 'did not stop cleanly')
      process.exit(1)
    },
  )
}

process.on('SIGTERM', stop)
process.on('SIGINT', stop)
// A library's forgotten promise about a system that is away must not end the process that has to deal with it.
process.on('unhandledRejection', (reason) =>
  wiring.log.error({ error: String(reason) }, 'a rejection that nobody handled'),
)

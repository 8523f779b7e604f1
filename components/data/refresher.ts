type Key = readonly string[]

/**
 * Answers hints that something changed. Hints of `waitMs` are answered together; a key that is still being read is read once more when
 * that has ended, so that a stream of hints faster than the answers can neither starve a page nor leave it with an old one.
 */
export function createRefresher(read: (key: Key) => Promise<unknown>, waitMs: number) {
  const touched = new Map<string, Key>()
  const reading = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | null = null
  let stopped = false

  function schedule(): void {
    if (!stopped) timer ??= setTimeout(flush, waitMs)
  }

  function flush(): void {
    timer = null
    for (const [name, key] of touched) {
      if (reading.has(name)) continue
      touched.delete(name)
      reading.add(name)
      const ended = () => {
        reading.delete(name)
        if (touched.has(name)) schedule()
      }
      // A failed reading is shown by the query itself; here it only ends.
      read(key).then(ended, ended)
    }
  }

  return {
    touch(key: Key): void {
      touched.set(key.join('/'), key)
      schedule()
    },
    stop(): void {
      stopped = true
      if (timer) clearTimeout(timer)
    },
  }
}

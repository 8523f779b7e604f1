/** Figures as people read them: three digits that matter, the unit apart, a thin space for thousands never. */
export type Quantity = { text: string; unit: string }

const unknown: Quantity = { text: '?', unit: '' }

export function formatBytes(bytes: number | null): Quantity {
  if (bytes === null) return unknown
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let index = 0
  while (value >= 1000 && index < units.length - 1) {
    value /= 1000
    index += 1
  }
  return {
    text: index === 0 ? String(Math.round(value)) : value.toFixed(value < 10 ? 2 : 1),
    unit: units[index] ?? 'B',
  }
}

/** Seconds with as many decimals as carry meaning: 0.15 s, 4.2 s, 37 s, 2 m 10 s, 1 h 03 m. */
export function formatSeconds(seconds: number | null): Quantity {
  if (seconds === null) return unknown
  const size = Math.abs(seconds)
  if (size < 1) return { text: seconds.toFixed(2), unit: 's' }
  if (size < 10) return { text: seconds.toFixed(1), unit: 's' }
  if (size < 90) return { text: String(Math.round(seconds)), unit: 's' }
  const whole = Math.round(size)
  const sign = seconds < 0 ? '−' : ''
  if (whole < 3600) return { text: `${sign}${Math.floor(whole / 60)} m ${pad(whole % 60)}`, unit: 's' }
  if (whole < 172_800)
    return { text: `${sign}${Math.floor(whole / 3600)} h ${pad(Math.floor(whole / 60) % 60)}`, unit: 'm' }
  return { text: `${sign}${Math.floor(whole / 86_400)} d ${Math.floor(whole / 3600) % 24}`, unit: 'h' }
}

export function pad(value: number): string {
  return String(value).padStart(2, '0')
}

/** `{text, unit}` as one string, e.g. "0.15 s". */
export function plain(quantity: Quantity): string {
  return quantity.unit ? `${quantity.text} ${quantity.unit}` : quantity.text
}

/** "6–41 s" while both ends are short, "3.0 s – 17 m 05 s" beyond. */
export function formatRange(range: { low: number; high: number }): Quantity {
  // Nothing was ever measured that the low end could rest on: only the bound is known.
  if (range.low === 0 && range.high > 0) {
    const high = formatSeconds(range.high)
    return { text: `up to ${high.text}`, unit: high.unit }
  }
  if (range.high < 90) return { text: `${Math.round(range.low)}–${Math.round(range.high)}`, unit: 's' }
  const high = formatSeconds(range.high)
  return { text: `${plain(formatSeconds(range.low))} – ${high.text}`, unit: high.unit }
}

/** A clock of elapsed time, mm:ss below an hour and h:mm:ss above; negative is zero. */
export function formatClock(elapsedMs: number): string {
  const whole = Math.max(0, Math.floor(elapsedMs / 1000))
  const minutes = `${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${minutes}` : minutes
}

/** "1 step", "3 steps". */
export function count(value: number, word: string): string {
  return `${value} ${word}${value === 1 ? '' : 's'}`
}

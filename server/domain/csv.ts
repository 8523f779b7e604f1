/**
 * One line of CSV (RFC 4180). A spreadsheet takes a field that begins with one of these for a formula and runs it; the data here was written by strangers, so such
 * a field gets an apostrophe in front, which spreadsheets show as text. Unset and empty differ: unset is nothing at all, empty is quoted.
 */
const formula = /^[=+\-@\t\r]/

export function csvField(value: string | null): string {
  if (value === null) return ''
  const safe = formula.test(value) ? `'${value}` : value
  return safe === '' || /[",\r\n]/.test(safe) || safe !== value ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function csvLine(values: readonly (string | null)[]): string {
  return `${values.map(csvField).join(',')}\r\n`
}

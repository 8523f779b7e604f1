/** A WAL position as a number of bytes since the beginning of the WAL. */
export function lsnToBytes(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}

export function bytesToLsn(bytes: bigint): string {
  return `${(bytes >> 32n).toString(16).toUpperCase()}/${(bytes & 0xffffffffn).toString(16).toUpperCase()}`
}

/** Without the leading zeros that some tools print: `0/03000148` → `0/3000148`. */
export function normaliseLsn(lsn: string): string {
  return bytesToLsn(lsnToBytes(lsn))
}

function hex8(value: bigint | number): string {
  return value.toString(16).toUpperCase().padStart(8, '0')
}

/** Name of the WAL file that holds the byte at `lsn`. */
export function segmentName(timeline: number, lsn: string, segmentBytes: bigint): string {
  const segment = lsnToBytes(lsn) / segmentBytes
  const perId = 0x100000000n / segmentBytes
  return `${hex8(timeline)}${hex8(segment / perId)}${hex8(segment % perId)}`
}

/** First byte of a WAL file. */
export function segmentStart(name: string, segmentBytes: bigint): string {
  const perId = 0x100000000n / segmentBytes
  return bytesToLsn((BigInt(`0x${name.slice(8, 16)}`) * perId + BigInt(`0x${name.slice(16, 24)}`)) * segmentBytes)
}

export function historyFileName(timeline: number): string {
  return `${hex8(timeline)}.history`
}

/** Where a timeline forked from its parent: the last entry of its history file. Null when the file has none. */
export function parseFork(history: string): { parentTimeline: number; forkLsn: string } | null {
  const entries = history.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+([0-9A-F]{1,8}\/[0-9A-F]{1,8})\s/i.exec(`${line} `)
    return match?.[1] && match[2] ? [{ parentTimeline: Number(match[1]), forkLsn: normaliseLsn(match[2]) }] : []
  })
  return entries.at(-1) ?? null
}

/**
 * Whether an error says that the control database could not be asked, anywhere along its chain of causes: Prisma's own codes for it, the
 * system's, and PostgreSQL's classes 08 (connection) and 57P (shutting down, starting up).
 */
export function isDatabaseAway(error: unknown): boolean {
  for (
    let at: unknown = error, depth = 0;
    at instanceof Object && depth < 6;
    at = Reflect.get(at, 'cause'), depth += 1
  ) {
    const codes = ['code', 'originalCode', 'kind'].map((name) => String(Reflect.get(at, name) ?? ''))
    if (codes.some((code) => away.test(code))) return true
    if (at instanceof Error && words.test(at.message)) return true
  }
  return false
}

const away =
  /^(P1001|P1002|P1008|P1017|P2024|P2028|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|08...|57P0[1-5]|DatabaseNotReachable|ConnectionClosed|SocketTimeout)$/
// The driver gives some of these a message only.
const words =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Can't reach database server/

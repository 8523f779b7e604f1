import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'

/** The group role that the migrations grant rights to. A sign-in role of another name becomes its member. */
export const appGroupRole = 'lifeboat_app'

/**
 * Makes the role that the application signs in with, or gives it this password. It owns nothing: what it may do is granted by the migrations, and on
 * the audit trail that is reading and adding.
 */
export async function ensureAppRole(client: pg.Client, role: { name: string; password: string }): Promise<void> {
  const verifier = pg.escapeLiteral(scramVerifier(role.password))
  await ensureRole(client, appGroupRole)
  await ensureRole(client, role.name)
  await client.query(
    `ALTER ROLE ${pg.escapeIdentifier(role.name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${verifier}`,
  )
  if (role.name !== appGroupRole) {
    await client.query(`GRANT ${appGroupRole} TO ${pg.escapeIdentifier(role.name)}`)
  }
}

async function ensureRole(client: pg.Client, name: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])
  if (rowCount === 0) await client.query(`CREATE ROLE ${pg.escapeIdentifier(name)} NOLOGIN`)
}

/** What PostgreSQL keeps of a password (RFC 5803), made here so that the password itself never reaches a server log. */
function scramVerifier(password: string): string {
  const iterations = 4096
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  const serverKey = hmac(salted, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

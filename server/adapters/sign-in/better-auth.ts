import { betterAuth } from 'better-auth'
import { prismaAdapter } from 'better-auth/adapters/prisma'
import { APIError } from 'better-auth/api'

/** A shift may go on for hours without a click; a stolen cookie may not live longer than a day, whatever it does. */
const idleLimitMs = 8 * 3_600_000
const absoluteLimitMs = 24 * 3_600_000

type SignedIn = { userId: string; name: string; email: string; startedAt: number }

export type SignIn = {
  /** Answers the sign-in library's own requests. */
  handle(request: Request): Promise<Response>
  /**
   * Who the cookie stands for; null when nobody. `cookies` are to be set on the answer: the session was prolonged.
   * @param prolong false where no cookie can be set (server components), so that database and cookie stay in step
   */
  session(headers: Headers, prolong: boolean): Promise<{ who: SignedIn; cookies: string[] } | null>
}

type Options = {
  /** A Prisma client. */
  database: object
  secret: string
  publicUrl: string
  trustedProxies: string[]
  now(): number
  /** Runs before a session exists; throws or answers false to refuse it. */
  admit(userId: string): Promise<boolean>
  log(level: string, message: string): void
}

/** Identity only: e-mail and password, sessions in the database. Rights are ours and are not known here. */
export function createSignIn(options: Options): SignIn {
  const auth = betterAuth({
    appName: 'Lifeboat',
    baseURL: options.publicUrl,
    basePath: '/api/auth',
    secret: options.secret,
    trustedOrigins: [new URL(options.publicUrl).origin],
    database: prismaAdapter(options.database, { provider: 'postgresql' }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 12, maxPasswordLength: 256 },
    session: {
      expiresIn: idleLimitMs / 1000,
      // Written at most every five minutes, not on every request.
      updateAge: 300,
      // A cached cookie would outlive a revoked session.
      cookieCache: { enabled: false },
    },
    rateLimit: {
      enabled: true,
      storage: 'memory',
      window: 60,
      max: 300,
      // Per address. A team behind one address signs in at once when a region dies; guessing is bounded per account besides.
      customRules: { '/sign-in/email': { window: 60, max: 30 } },
    },
    advanced: {
      cookiePrefix: 'lifeboat',
      useSecureCookies: options.publicUrl.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'strict', path: '/' },
      ipAddress: options.trustedProxies.length > 0 ? { trustedProxies: options.trustedProxies } : {},
    },
    databaseHooks: {
      session: {
        create: {
          before: async (session) => {
            if (await options.admit(session.userId)) return
            throw new APIError('FORBIDDEN', { message: 'This account is disabled', code: 'ACCOUNT_DISABLED' })
          },
        },
      },
    },
    telemetry: { enabled: false },
    logger: { level: 'warn', log: (level, message) => options.log(level, message) },
  })
  return {
    handle: (request) => auth.handler(request),
    async session(headers, prolong) {
      const answer = await auth.api.getSession({
        headers,
        query: { disableRefresh: !prolong },
        returnHeaders: true,
      })
      const found = answer.response
      if (!found) return null
      const startedAt = new Date(found.session.createdAt).getTime()
      if (options.now() - startedAt > absoluteLimitMs) return null
      const { id, name, email } = found.user
      return { who: { userId: id, name, email, startedAt }, cookies: answer.headers.getSetCookie() }
    },
  }
}

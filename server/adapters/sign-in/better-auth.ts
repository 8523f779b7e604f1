import { betterAuth } from 'better-auth'
import { prismaAdapter } from 'better-auth/adapters/prisma'
import { APIError } from 'better-auth/api'

/** What becomes of a right password: a session, or why not. */
type Admission = 'admitted' | 'disabled' | 'code-needed' | 'code-wrong' | 'locked'

/** In which header a code of the second factor travels, here and beside requests that need one. */
const secondFactorHeader = 'lifeboat-second-factor'

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
  /**
   * Runs before a session exists, when the password was right; anything but `admitted` refuses it.
   * @param code of the second factor, null where none was sent
   * @param signingIn false where a session takes another's place, which its holder has proved already
   */
  admit(userId: string, code: string | null, signingIn: boolean): Promise<Admission>
  log(level: string, message: string): void
}

const refusals: Record<
  Exclude<Admission, 'admitted'>,
  { status: 'FORBIDDEN' | 'TOO_MANY_REQUESTS'; message: string }
> = {
  disabled: { status: 'FORBIDDEN', message: 'This account is disabled' },
  'code-needed': { status: 'FORBIDDEN', message: 'A code of the second factor is needed' },
  'code-wrong': { status: 'FORBIDDEN', message: 'The code of the second factor is wrong' },
  locked: { status: 'TOO_MANY_REQUESTS', message: 'Too many wrong codes' },
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
          before: async (session, context) => {
            const code = context?.headers?.get(secondFactorHeader) ?? null
            const admission = await options.admit(session.userId, code, context?.path === '/sign-in/email')
            if (admission === 'admitted') return
            const { status, message } = refusals[admission]
            throw new APIError(status, { message, code: admission })
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

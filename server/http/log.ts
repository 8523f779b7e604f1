import pino from 'pino'

export type Log = pino.Logger

/** One line of JSON a message. What may hold a secret is cut out, wherever a caller puts it. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: { process: 'console' },
    redact: {
      paths: [
        'headers.authorization',
        'headers.cookie',
        'headers["lifeboat-second-factor"]',
        '*.password',
        '*.token',
        '*.secret',
        'url.password',
      ],
      censor: '[cut out]',
    },
  })
}

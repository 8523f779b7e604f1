import { ServiceError } from '../errors'

const nothingDone = 'Nothing was done.'

export const noneEnrolled = () =>
  new ServiceError(
    'second-factor-needed',
    'This needs your second factor, and you have none.',
    nothingDone,
    'Enrol an authenticator under Account, then ask again with its code.',
  )

export const codeMissing = () =>
  new ServiceError(
    'second-factor-needed',
    'This needs a code of your second factor.',
    nothingDone,
    'Send the code that your authenticator shows now, or a backup code, in the Lifeboat-Second-Factor header.',
  )

export const codeWrong = () =>
  new ServiceError(
    'second-factor-wrong',
    'The code is not right, has run out, or was used already.',
    nothingDone,
    'Wait for the next code of your authenticator and send that one; each counts once.',
  )

export const locked = (seconds: number) =>
  new ServiceError(
    'rate-limited',
    `Too many wrong codes: none is taken for ${Math.ceil(seconds / 60)} min.`,
    nothingDone,
    'Wait, check that the clock of your authenticator is right, then try again.',
  )

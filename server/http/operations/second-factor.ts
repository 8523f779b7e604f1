import { backupCodes, beginBody, begunFactor, codeBody, secondFactorView } from '@/server/queries/dto/second-factor'
import { getSecondFactor } from '@/server/queries/second-factor'
import { beginSecondFactor, confirmSecondFactor, removeSecondFactor } from '@/server/services/second-factor/enrol'
import { defineOperation, noBody, noParams, noQuery } from '../operation'
import { HttpProblem } from '../problem'
import { failuresOf } from '../sign-in-limit'

/** In which header a code travels beside a request that needs one: what is in the body would be kept with the idempotency key. */
export const secondFactorHeader = 'lifeboat-second-factor'

const path = '/api/v1/me/second-factor'
/** Their answers and bodies hold secrets, so none of them keeps an idempotency key. */
const asked = { right: 'signed-in', params: noParams, query: noQuery, idempotent: false } as const

export const getSecondFactorOperation = defineOperation({
  ...asked,
  id: 'getSecondFactor',
  method: 'GET',
  path,
  summary: 'Whether the caller has a second factor.',
  body: noBody,
  response: { status: 200, schema: secondFactorView },
  handle: (context) => getSecondFactor(context),
})

export const beginSecondFactorOperation = defineOperation({
  ...asked,
  id: 'beginSecondFactor',
  method: 'POST',
  path,
  action: 'second-factor.begin',
  summary: 'Begins an enrolment, for the password: the secret for an authenticator, told this once.',
  body: beginBody,
  response: { status: 201, schema: begunFactor },
  async handle(context, { body }) {
    const guesses = failuresOf(`second-factor ${context.actor.id}`)
    if (guesses.tooMany(context.clock.now())) throw tooManyGuesses()
    guesses.count(context.clock.now())
    return beginSecondFactor(context, body)
  },
})

export const confirmSecondFactorOperation = defineOperation({
  ...asked,
  id: 'confirmSecondFactor',
  method: 'POST',
  path: `${path}/confirm`,
  action: 'second-factor.confirm',
  summary: 'Confirms the enrolment with its first code, and tells the backup codes, this once.',
  body: codeBody,
  response: { status: 200, schema: backupCodes },
  handle: (context, { body }) => confirmSecondFactor(context, body),
})

export const removeSecondFactorOperation = defineOperation({
  ...asked,
  id: 'removeSecondFactor',
  method: 'POST',
  path: `${path}/remove`,
  action: 'second-factor.remove',
  summary: 'Takes the second factor away, for a code of it.',
  body: codeBody,
  response: { status: 200, schema: secondFactorView },
  async handle(context, { body }) {
    await removeSecondFactor(context, body)
    return getSecondFactor(context)
  },
})

const tooManyGuesses = () =>
  new HttpProblem(
    429,
    'rate-limited',
    'Too many tries in a minute.',
    'Nothing was changed.',
    'Wait a minute, then try again.',
    [],
    { 'retry-after': '60' },
  )

import { meView } from '@/server/queries/dto/records'
import { getMe } from '@/server/queries/me'
import { defineOperation, noBody, noParams, noQuery } from '../operation'

export const getMeOperation = defineOperation({
  id: 'getMe',
  method: 'GET',
  path: '/api/v1/me',
  right: 'signed-in',
  summary: 'Who asks, and with which roles and rights.',
  params: noParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: meView },
  idempotent: false,
  handle: (context) => getMe(context),
})

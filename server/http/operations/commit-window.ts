import { z } from 'zod'
import { getCommitWindow } from '@/server/queries/commit-window'
import { commitBody, commitWindowView } from '@/server/queries/dto/commit-window'
import { commitToNewPrimary } from '@/server/services/commit-window/decide'
import { defineOperation, noBody, noQuery } from '../operation'
import { serviceParams } from './common'

const path = '/api/v1/services/{service}/commit-window'

export const getCommitWindowOperation = defineOperation({
  id: 'getCommitWindow',
  method: 'GET',
  path,
  right: 'service.read',
  summary:
    'The old primary that the newest failover keeps as the way back: until when, and what going back would lose.',
  params: serviceParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: commitWindowView },
  idempotent: false,
  handle: (context, { params }) => getCommitWindow(context, params.service),
})

export const commitOperation = defineOperation({
  id: 'commitToNewPrimary',
  method: 'POST',
  path,
  right: 'commit-window.decide',
  action: 'commit-window.commit',
  summary: 'Gives up the way back of one failover: from then on its old primary may be rewound or rebuilt.',
  params: serviceParams,
  query: noQuery,
  body: z.strictObject(commitBody.shape),
  response: { status: 200, schema: commitWindowView },
  idempotent: true,
  async handle(context, { params, body }) {
    await commitToNewPrimary(context, { service: params.service, ...body })
    return getCommitWindow(context, params.service)
  },
})

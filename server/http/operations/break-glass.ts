import { z } from 'zod'
import { getBreakGlass, listBreakGlass } from '@/server/queries/break-glass'
import { breakGlassView, reviewBody } from '@/server/queries/dto/break-glass'
import { page } from '@/server/queries/dto/common'
import { reviewBreakGlass } from '@/server/services/break-glass/review'
import { defineOperation, noBody, noParams, noQuery } from '../operation'
import { idParams } from './common'

export const listBreakGlassOperation = defineOperation({
  id: 'listBreakGlass',
  method: 'GET',
  path: '/api/v1/break-glass',
  right: 'run.read',
  summary: 'Runs that override rules by name: those that are at work, and those whose review is due or overdue.',
  params: noParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: page(breakGlassView) },
  idempotent: false,
  handle: (context) => listBreakGlass(context),
})

export const getReviewOperation = defineOperation({
  id: 'getRunReview',
  method: 'GET',
  path: '/api/v1/runs/{id}/review',
  right: 'run.read',
  summary: 'The review that a run with break-glass owes: due when, and what was found. 404 for any other run.',
  params: idParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: breakGlassView },
  idempotent: false,
  handle: (context, { params }) => getBreakGlass(context, params.id),
})

export const reviewRunOperation = defineOperation({
  id: 'reviewRun',
  method: 'POST',
  path: '/api/v1/runs/{id}/review',
  right: 'run.review',
  action: 'run.review',
  summary: 'Says what was found of a run with break-glass, once it is over. Never by whoever asked for it.',
  params: idParams,
  query: noQuery,
  body: z.strictObject(reviewBody.shape),
  response: { status: 200, schema: breakGlassView },
  idempotent: true,
  async handle(context, { params, body }) {
    await reviewBreakGlass(context, { runId: params.id, ...body })
    return getBreakGlass(context, params.id)
  },
})

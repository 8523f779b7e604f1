/** The judgement of the request path is that of the worker: one builder, read from both. */
export { rehearsedPlan } from '@/server/services/readiness/rehearse'

import { getReviewOperation, reviewRunOperation } from '@/server/http/operations/break-glass'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(getReviewOperation, reviewRunOperation)

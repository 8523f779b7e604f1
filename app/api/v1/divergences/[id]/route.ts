import { getDivergenceOperation } from '@/server/http/operations/divergences'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(getDivergenceOperation)

import { getSeriesOperation } from '@/server/http/operations/series'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(getSeriesOperation)

import { listAnomaliesOperation } from '@/server/http/operations/series'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(listAnomaliesOperation)

import { metricsOperation } from '@/server/http/operations/probes'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(metricsOperation)

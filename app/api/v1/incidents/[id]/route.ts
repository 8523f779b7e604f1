import { getIncidentOperation } from '@/server/http/operations/incidents'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(getIncidentOperation)

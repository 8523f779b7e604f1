import { listAlertsOperation } from '@/server/http/operations/alerts'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(listAlertsOperation)

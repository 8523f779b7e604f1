import { listServicesOperation } from '@/server/http/operations/services'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(listServicesOperation)

import { announceMaintenanceOperation } from '@/server/http/operations/mode'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(announceMaintenanceOperation)

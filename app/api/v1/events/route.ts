import { streamEventsOperation } from '@/server/http/operations/events'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(streamEventsOperation)

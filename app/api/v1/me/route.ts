import { getMeOperation } from '@/server/http/operations/me'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(getMeOperation)

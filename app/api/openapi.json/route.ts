import { openApi } from '@/server/http/registry'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(openApi)

import { listRunsOperation } from '@/server/http/operations/runs'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(listRunsOperation)

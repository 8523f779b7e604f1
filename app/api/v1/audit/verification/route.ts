import { verifyAuditOperation } from '@/server/http/operations/audit'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(verifyAuditOperation)

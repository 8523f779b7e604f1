import { removeSecondFactorOperation } from '@/server/http/operations/second-factor'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(removeSecondFactorOperation)

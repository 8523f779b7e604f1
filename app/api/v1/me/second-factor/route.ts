import { beginSecondFactorOperation, getSecondFactorOperation } from '@/server/http/operations/second-factor'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(getSecondFactorOperation, beginSecondFactorOperation)

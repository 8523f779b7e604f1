import { signInGetOperation, signInPostOperation } from '@/server/http/operations/sign-in'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(signInGetOperation, signInPostOperation)

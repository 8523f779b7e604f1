import { commitOperation, getCommitWindowOperation } from '@/server/http/operations/commit-window'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(getCommitWindowOperation, commitOperation)

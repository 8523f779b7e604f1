import { resetThresholdOperation } from '@/server/http/operations/thresholds'
import { resource } from '@/server/http/resource'

export const { GET, POST, PUT, PATCH, DELETE } = resource(resetThresholdOperation)

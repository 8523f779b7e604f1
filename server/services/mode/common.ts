import { z } from 'zod'
import { ServiceError } from '../errors'

export const reasonText = z.string().trim().min(3, 'say why, in a few words').max(1000)

/** Only a person's word counts here, whatever rights a machine may have been given. */
export function onlyPeople(notDone: string): ServiceError {
  return new ServiceError('forbidden', 'Only a person decides on this.', notDone, 'Sign in as a person with that role.')
}

import { ServiceError } from '../errors'

/** What one may not see looks like what is not there. */
export function noSuchAlert(what: 'alert' | 'silence'): ServiceError {
  return new ServiceError(
    'not-found',
    `There is no such ${what}, or you may not see it.`,
    'Nothing was changed.',
    `Look at the list of ${what}s.`,
  )
}

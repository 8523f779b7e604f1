/**
 * Where to go after signing in: a path of this console, never another site. `//host`, `/\host` and anything that a URL parser would carry
 * elsewhere becomes the overview.
 */
export function ownPath(next: unknown): string {
  if (typeof next !== 'string' || !next.startsWith('/') || /[\\\p{Cc}]/u.test(next)) return '/'
  const here = 'http://own.invalid'
  const url = URL.canParse(next, here) ? new URL(next, here) : null
  // A path that resolves to `//host` names another site once a browser reads it by itself.
  if (
    !url ||
    url.origin !== here ||
    url.pathname.startsWith('//') ||
    url.pathname.startsWith('/api/') ||
    url.pathname.startsWith('/sign-in')
  )
    return '/'
  return url.pathname + url.search + url.hash
}

/** A cursor-paged list, as the API gives it. */
export type Page<T> = { items: T[]; nextCursor: string | null }

import { type ClassValue, clsx } from 'clsx'
import { twMerge } from 'tailwind-merge'

/** Class names, where a later utility wins over an earlier one of the same property. */
export function cn(...names: ClassValue[]): string {
  return twMerge(clsx(names))
}

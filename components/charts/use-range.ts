'use client'
import { usePathname, useRouter, useSearchParams } from 'next/navigation'
import { rangeOfUrl, type UrlRange } from './range'

/** The range of the page, kept in the address bar: a link to a chart shows what its sender saw. */
export function useRange() {
  const params = useSearchParams()
  const path = usePathname()
  const router = useRouter()
  const range = rangeOfUrl(params, Date.now())
  const setRange = ({ from, to }: UrlRange): void => {
    const next = new URLSearchParams(params)
    next.set('from', from)
    next.set('to', to)
    router.replace(`${path}?${next.toString()}`, { scroll: false })
  }
  return { range, setRange }
}

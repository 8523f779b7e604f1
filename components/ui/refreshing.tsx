'use client'
import { type ReactNode, useEffect, useState } from 'react'
import { cn } from './cn'

/** A refresh that is answered sooner is not worth a flicker. */
const noticeMs = 400

/** Old values stay and dim while new ones are on their way; a quick answer never shows it. */
export function Refreshing({
  active,
  children,
  className,
}: {
  active: boolean
  children: ReactNode
  className?: string
}) {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    if (!active) {
      setSlow(false)
      return
    }
    const timer = setTimeout(() => setSlow(true), noticeMs)
    return () => clearTimeout(timer)
  }, [active])
  return (
    <div
      aria-busy={slow || undefined}
      className={cn('transition-opacity duration-200', slow ? 'opacity-60' : 'opacity-100', className)}
    >
      {children}
    </div>
  )
}

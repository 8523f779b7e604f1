'use client'
import { X } from 'lucide-react'
import { Dialog as Primitive } from 'radix-ui'
import { type ReactNode, useRef } from 'react'

/** A question with its consequence as description. The title says what will happen and to what. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
}: {
  open: boolean
  onOpenChange(open: boolean): void
  title: string
  description: string
  children: ReactNode
}) {
  // There is no trigger for the primitive to go back to: whoever opened it is remembered.
  const opener = useRef<Element | null>(null)
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-black/55" />
        <Primitive.Content
          onOpenAutoFocus={() => {
            opener.current = document.activeElement
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            if (opener.current instanceof HTMLElement) opener.current.focus()
          }}
          className="fixed inset-x-3 bottom-3 z-50 max-h-[90dvh] overflow-y-auto rounded-lg border bg-surface p-5 shadow-xl sm:inset-x-auto sm:top-1/2 sm:bottom-auto sm:left-1/2 sm:w-[28rem] sm:-translate-x-1/2 sm:-translate-y-1/2"
        >
          <Primitive.Title className="pr-10 font-semibold text-base">{title}</Primitive.Title>
          <Primitive.Description className="mt-1 mb-4 text-muted text-sm">{description}</Primitive.Description>
          {children}
          <Primitive.Close
            aria-label="Close without doing anything"
            className="absolute top-2 right-2 inline-flex size-11 items-center justify-center rounded-md text-muted hover:bg-surface-2"
          >
            <X className="size-4" aria-hidden />
          </Primitive.Close>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  )
}

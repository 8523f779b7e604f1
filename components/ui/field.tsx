import { cloneElement, type ReactElement, type ReactNode, useId } from 'react'
import { cn } from './cn'

type ControlProps = { id?: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }

/** Label, control, hint and error, tied together for assistive technology. An error stands at its field, not in a toast. */
export function Field({
  label,
  hint,
  error,
  children,
  className,
}: {
  label: ReactNode
  hint?: ReactNode
  error?: string | null
  children: ReactElement<ControlProps>
  className?: string
}) {
  const id = useId()
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div className={cn('space-y-1.5', className)}>
      <label htmlFor={id} className="block font-medium text-sm">
        {label}
      </label>
      {cloneElement(children, {
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {hint ? (
        <p id={`${id}-hint`} className="text-muted text-xs">
          {hint}
        </p>
      ) : null}
      {error ? (
        <p id={`${id}-error`} className="font-medium text-down text-xs">
          ✖ {error}
        </p>
      ) : null}
    </div>
  )
}

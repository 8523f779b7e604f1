import { cva, type VariantProps } from 'class-variance-authority'
import { LoaderCircle } from 'lucide-react'
import { Slot } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './cn'

const button = cva(
  'relative inline-flex shrink-0 items-center justify-center gap-2 whitespace-nowrap rounded-md border font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        default: 'border-border-strong bg-surface text-foreground hover:bg-surface-2',
        primary: 'border-transparent bg-accent text-accent-foreground hover:opacity-90',
        danger: 'border-transparent bg-down text-down-foreground hover:opacity-90',
        'danger-outline': 'border-down bg-transparent text-down hover:bg-down-soft',
        ghost: 'border-transparent bg-transparent text-foreground hover:bg-surface-2',
      },
      // A finger needs 44 px: below the desktop width every size is at least that high.
      size: {
        sm: 'min-h-11 px-3 text-[0.8125rem] md:min-h-8',
        md: 'min-h-11 px-4 text-sm md:min-h-9',
        lg: 'min-h-12 px-5 text-base',
        icon: 'size-11 md:size-9',
      },
    },
    defaultVariants: { variant: 'default', size: 'md' },
  },
)

type ButtonProps = ComponentProps<'button'> & VariantProps<typeof button> & { asChild?: boolean; busy?: boolean }

/** Keeps its label while busy; a busy button takes no second press. */
export function Button({ className, variant, size, asChild = false, busy = false, ...props }: ButtonProps) {
  const classes = cn(button({ variant, size }), className)
  if (asChild) return <Slot.Root className={classes} {...props} />
  const { children, disabled, type = 'button', ...rest } = props
  return (
    <button type={type} className={classes} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? <LoaderCircle className="animate-spin" aria-hidden /> : null}
      {children}
    </button>
  )
}

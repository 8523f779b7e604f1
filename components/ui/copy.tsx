'use client'
import { Check, Copy as CopyIcon } from 'lucide-react'
import { useState } from 'react'
import { cn } from './cn'

/** Copies a text; says so in place. Where the browser forbids the clipboard, the text stays selectable beside it. */
export function CopyButton({ text, label, className }: { text: string; label: string; className?: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), 2000)
    } catch {
      setCopied(false)
    }
  }
  return (
    <button
      type="button"
      onClick={copy}
      className={cn(
        'inline-flex min-h-11 min-w-11 items-center justify-center gap-1.5 rounded px-2 text-muted text-xs hover:bg-surface-2 hover:text-foreground md:min-h-7 md:min-w-7',
        className,
      )}
    >
      {copied ? <Check className="size-3.5" aria-hidden /> : <CopyIcon className="size-3.5" aria-hidden />}
      <span className="sr-only">{label}</span>
      <span role="status" className={copied ? '' : 'sr-only'}>
        {copied ? 'copied' : ''}
      </span>
    </button>
  )
}

/** A command as arguments, quoted as a POSIX shell reads it: for a person to paste, never for the product to run. */
export function shellLine(command: readonly string[]): string {
  return command.map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`)).join(' ')
}

export function Commands({ commands }: { commands: readonly (readonly string[])[] }) {
  if (commands.length === 0) return null
  const text = commands.map(shellLine).join('\n')
  return (
    <div className="flex items-start gap-1 rounded-md border bg-background">
      <pre className="min-w-0 flex-1 whitespace-pre-wrap break-all px-3 py-2 font-mono text-xs leading-5">{text}</pre>
      <CopyButton text={text} label="Copy the command" />
    </div>
  )
}

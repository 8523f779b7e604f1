'use client'
import { Alert } from '@/components/ui/alert'
import { Button } from '@/components/ui/button'

/** A page that could not be drawn: what that does not mean, and what to do. */
export function PageFault({ reference, again }: { reference: string | undefined; again(): void }) {
  return (
    <Alert tone="down" live="assertive" title="This page could not be drawn">
      <p>
        <strong className="font-semibold">What did not happen:</strong> nothing was changed. Runs go on in the workers,
        and the service does not lean on this page.
      </p>
      <p>
        <strong className="font-semibold">Next:</strong> draw it again; if it stays, use the API or the command line,
        and quote the reference.
      </p>
      <div className="mt-3 flex flex-wrap items-center gap-3">
        <Button size="sm" onClick={again}>
          Draw it again
        </Button>
        <span className="text-muted text-xs">
          Reference <code className="font-mono">{reference ?? 'in the browser’s console'}</code>
        </span>
      </div>
    </Alert>
  )
}

'use client'
import { toProblem } from '@/components/data/problem'
import { Alert } from './alert'
import { Button } from './button'

/** An error as it must be said: what happened, what did not, the next safe step, and a reference to quote. */
export function ProblemAlert({ error, onRetry, className }: { error: unknown; onRetry?(): void; className?: string }) {
  const problem = toProblem(error)
  return (
    <Alert tone="down" live="assertive" title={problem.title} className={className}>
      <p>{problem.detail}</p>
      {problem.errors?.length ? (
        <ul className="mt-1 list-disc pl-5">
          {problem.errors.map((each) => (
            <li key={`${each.path}${each.message}`}>
              <code className="font-mono text-xs">{each.path}</code>: {each.message}
            </li>
          ))}
        </ul>
      ) : null}
      <p className="mt-2">
        <strong className="font-semibold">What did not happen:</strong> {problem.notDone}
      </p>
      <p>
        <strong className="font-semibold">Next:</strong> {problem.nextStep}
      </p>
      <div className="mt-2 flex flex-wrap items-center gap-3">
        {onRetry ? (
          <Button size="sm" onClick={onRetry}>
            Ask again
          </Button>
        ) : null}
        <span className="text-muted text-xs">
          Reference <code className="break-all font-mono">{problem.reference}</code>
        </span>
      </div>
    </Alert>
  )
}

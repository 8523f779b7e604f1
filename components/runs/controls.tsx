import { terminalRunStates } from '@/server/domain/run/states'
import type { Capability } from '@/server/queries/dto/common'
import type { RunView } from '@/server/queries/dto/run'
import { ReasonButton } from './reason-dialog'

/** What a person may do to the run as a whole. A verb that is not possible now stays in sight with its reason. */
export function Controls({ run }: { run: RunView }) {
  if (terminalRunStates.includes(run.state)) return null
  const back = run.pointOfNoReturnPassed
    ? 'The point of no return is passed: the run stops and says what remains.'
    : 'What was changed is taken back, in reverse order.'
  const rows = [
    {
      control: 'pause' as const,
      label: 'Pause',
      title: `Pause this ${run.kind}`,
      consequence: 'The step at work is finished first; the next one does not start.',
      capability: run.can.pause,
    },
    {
      control: 'resume' as const,
      label: 'Resume',
      title: `Resume this ${run.kind}`,
      consequence: 'A worker takes it up again, and begins by looking at what is so.',
      capability: run.can.resume,
    },
    {
      control: 'abort' as const,
      label: 'Abort',
      title: `Abort this ${run.kind}`,
      consequence: run.startedAt ? back : 'Nothing has been changed; the run is closed.',
      capability: run.can.abort,
      danger: true,
    },
  ]
  return (
    <section aria-label="Controls" className="rounded-lg border bg-surface px-4 py-3">
      <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
        {rows.map(({ control, ...row }) => (
          <div key={control} className="max-w-72">
            <ReasonButton runId={run.id} control={control} {...row} />
            <WhyNot capability={row.capability} />
          </div>
        ))}
      </div>
    </section>
  )
}

export function WhyNot({ capability }: { capability: Capability }) {
  if (capability.allowed) return null
  return <p className="mt-1 text-muted text-xs">{capability.reason ?? 'not possible in this state'}</p>
}

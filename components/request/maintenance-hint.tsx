/** What planned work asks of the one who chooses its hour. Nothing is enforced here: the approver decides when it runs. */
export function MaintenanceHint() {
  return (
    <aside aria-label="When to do it" className="mb-4 rounded-lg border bg-surface px-4 py-3 text-sm">
      <p className="max-w-prose">
        <strong className="font-medium">When to do it.</strong> Writes stop for a moment and open sessions end, so
        choose a quiet hour (02:00 local is the usual window) and tell those who watch the service. The run begins as
        soon as it is approved. Long transactions and batch jobs that are cut off have to begin again: let them end
        first.
      </p>
    </aside>
  )
}

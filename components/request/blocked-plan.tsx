import { Alert } from '@/components/ui/alert'
import type { PlanPreview } from '@/server/queries/dto/run'

/** A plan that cannot run still shows why, where it would stop, and what to do first. */
export function BlockedPlan({ preview }: { preview: PlanPreview }) {
  const blocking = preview.plan.findings.filter((finding) => finding.severity === 'blocker')
  const titleOf = (stepId: string) => preview.plan.steps.find((step) => step.stepId === stepId)?.title ?? stepId
  return (
    <Alert
      tone="down"
      live="polite"
      title="This plan cannot run as things stand. Nothing can be requested until that changes."
    >
      <ul className="list-disc space-y-1 pl-5">
        {blocking.length
          ? blocking.map((finding) => (
              <li key={finding.code}>
                {finding.message}{' '}
                {finding.stepId ? <span className="font-medium">Stops at “{titleOf(finding.stepId)}”.</span> : null} Do
                this first: {finding.remedy}
              </li>
            ))
          : preview.reasons.map((reason) => <li key={reason}>{reason}</li>)}
      </ul>
    </Alert>
  )
}

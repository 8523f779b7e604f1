import { Badge } from '@/components/ui/badge'
import { Card } from '@/components/ui/card'
import { HealthMark } from '@/components/ui/health'
import { Age } from '@/components/ui/when'
import type { ModeView, RuleView } from '@/server/queries/dto/mode'

/** What Lifeboat asks before it does anything by itself, and whether each holds now. */
export function RulesCard({ view }: { view: ModeView }) {
  const counted = view.rules.filter((rule) => !rule.onlyThen)
  const holding = counted.filter((rule) => rule.holds === true).length
  return (
    <Card
      title="What has to hold"
      aside={
        <span className="figures">
          {holding} of {counted.length} hold
        </span>
      }
    >
      <ul className="divide-y">
        {view.rules.map((rule) => (
          <li key={rule.code} className="flex flex-col gap-x-3 gap-y-1 px-4 py-3 sm:flex-row">
            <span className="w-32 shrink-0 text-sm">
              <Mark rule={rule} />
            </span>
            <div className="min-w-0 flex-1 text-sm">
              <p className="break-words">{rule.words}</p>
              <p className="mt-0.5 flex flex-wrap items-center gap-x-3 gap-y-1 text-muted text-xs">
                <code className="font-mono">{rule.code}</code>
                {rule.scope === 'act' ? <Badge>only for acting without a person</Badge> : null}
                {rule.observedAt ? (
                  <span>
                    seen <Age at={rule.observedAt} />
                  </span>
                ) : null}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Mark({ rule }: { rule: RuleView }) {
  if (rule.onlyThen) return <HealthMark health="paused" word="when it happens" />
  if (rule.holds === null) return <HealthMark health="unknown" word="not known" />
  return rule.holds ? <HealthMark health="ok" word="holds" /> : <HealthMark health="down" word="does not hold" />
}

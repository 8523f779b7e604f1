'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { serviceQuery } from '@/components/data/services'
import { Card, CardBody } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { NativeSelect } from '@/components/ui/input'
import { RunWizard } from './run-wizard'

type Direction = 'out' | 'back'

/** Which region, and which way: everything else of an evacuation is in the configuration. */
export function EvacuateWizard({
  serviceId,
  first,
}: {
  serviceId: string
  first: { region: string | null; direction: Direction }
}) {
  const service = useQuery(serviceQuery(serviceId))
  const [picked, setRegion] = useState(first.region)
  const [direction, setDirection] = useState<Direction>(first.direction)
  const regions = service.data?.regions ?? []
  const region = picked ?? regions[0]?.id ?? ''
  const fields = (
    <Card title="What to do" className="mb-4">
      <CardBody className="grid gap-4 sm:grid-cols-2">
        <Field label="Region">
          <NativeSelect value={region} onChange={(event) => setRegion(event.target.value)}>
            {regions.map((each) => (
              <option key={each.id} value={each.id}>
                {each.name}
              </option>
            ))}
          </NativeSelect>
        </Field>
        <Field label="Direction" hint="Only names that both regions serve are moved; the writer stays where it is.">
          <NativeSelect
            value={direction}
            onChange={(event) => setDirection(event.target.value === 'back' ? 'back' : 'out')}
          >
            <option value="out">Evacuate it: send its traffic to the other region</option>
            <option value="back">Bring it back: its configured share again</option>
          </NativeSelect>
        </Field>
      </CardBody>
    </Card>
  )
  return (
    <RunWizard serviceId={serviceId} kind="evacuate" overridable={{}} inputs={{ region, direction }} fields={fields} />
  )
}

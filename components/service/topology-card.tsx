'use client'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import { Card } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/skeleton'
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/components/ui/tabs'
import { usePhone } from '@/components/ui/use-phone'
import type { ServiceView } from '@/server/queries/dto/service'
import { diagramHeight, topologyOf } from './topology'
import { TopologyTable } from './topology-table'

/** The diagram measures the window, and its code is large: it is fetched when it is shown. */
const Diagram = dynamic(() => import('./topology-diagram').then((module) => module.TopologyDiagram), {
  ssr: false,
  loading: () => <Skeleton className="m-4 h-[358px]" />,
})

/** How the parts hang together, as a diagram and as its twin in words; on a phone the words come first. */
export function TopologyCard({ service }: { service: ServiceView }) {
  const phone = usePhone()
  const [chosen, setChosen] = useState<string | null>(null)
  const topology = topologyOf(service)
  return (
    <Tabs value={chosen ?? (phone ? 'table' : 'diagram')} onValueChange={setChosen}>
      <Card
        title="Topology"
        aside={
          <TabsList aria-label="Topology as">
            <TabsTrigger value="diagram">Diagram</TabsTrigger>
            <TabsTrigger value="table">Table</TabsTrigger>
          </TabsList>
        }
      >
        <TabsContent value="diagram" style={{ minHeight: diagramHeight(topology) }}>
          <Diagram topology={topology} />
        </TabsContent>
        <TabsContent value="table">
          <TopologyTable topology={topology} />
        </TabsContent>
      </Card>
    </Tabs>
  )
}

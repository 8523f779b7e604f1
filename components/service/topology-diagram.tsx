'use client'
import '@xyflow/react/dist/style.css'
import {
  BaseEdge,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  getSmoothStepPath,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react'
import { cn } from '@/components/ui/cn'
import { HealthMark, healthLooks, useShownHealth } from '@/components/ui/health'
import { stripeOf } from '@/components/ui/region'
import { diagramHeight, type Flow, type Part, partHeight, partWidth, type Topology } from './topology'

type PartNode = Node<{ part: Part }, 'part'>
type FlowEdge = Edge<{ flow: Flow }, 'flow'>

const nodeTypes = { part: PartBox }
const edgeTypes = { flow: FlowLine }

/** The topology as boxes and lines. It only shows: nothing here can be dragged or clicked. The table beside it says the same. */
export function TopologyDiagram({ topology }: { topology: Topology }) {
  const nodes: PartNode[] = topology.parts.map((part) => ({
    id: part.id,
    type: 'part',
    position: { x: part.x, y: part.y },
    width: partWidth,
    height: partHeight,
    data: { part },
  }))
  const edges: FlowEdge[] = topology.flows.map((flow) => {
    const side = flow.id === 'replication' ? sides(topology, flow) : { sourceHandle: 'bottom', targetHandle: 'top' }
    return { id: flow.id, source: flow.from, target: flow.to, type: 'flow', data: { flow }, ...side }
  })
  return (
    <figure
      aria-label={`Topology: ${topology.flows.map((flow) => flow.what).join('; ')}`}
      style={{ height: diagramHeight(topology) }}
      className="w-full [&_.react-flow\_\_attribution]:bg-transparent! [&_.react-flow\_\_attribution_a]:text-muted!"
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        fitView
        fitViewOptions={{ padding: 0.06, maxZoom: 1 }}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        panOnDrag={false}
        zoomOnScroll={false}
        zoomOnPinch={false}
        zoomOnDoubleClick={false}
        preventScrolling={false}
        disableKeyboardA11y
      />
    </figure>
  )
}

/** Replication runs sideways between the regions, from whichever side the primary is on. */
function sides(topology: Topology, flow: Flow): { sourceHandle: string; targetHandle: string } {
  const xOf = (id: string) => topology.parts.find((part) => part.id === id)?.x ?? 0
  return xOf(flow.from) < xOf(flow.to)
    ? { sourceHandle: 'right', targetHandle: 'left-in' }
    : { sourceHandle: 'left', targetHandle: 'right-in' }
}

function PartBox({ data: { part } }: NodeProps<PartNode>) {
  const look = healthLooks[useShownHealth(part.health)]
  return (
    <div className="flex size-full overflow-hidden rounded-md border border-border-strong bg-surface text-left">
      <div className={cn('w-1.5 shrink-0', part.region === null ? 'bg-border-strong' : stripeOf(part.region))} />
      <div className="min-w-0 flex-1 px-2.5 py-2">
        <p className="flex justify-between gap-2">
          <span className="truncate font-semibold text-[0.8125rem]">{part.title}</span>
          <span className={cn('font-bold font-mono', look.ink)}>{look.shape}</span>
        </p>
        {part.lines.map((line) => (
          <p key={line} className="truncate text-muted text-xs">
            {line}
          </p>
        ))}
      </div>
      <Handle id="top" type="target" position={Position.Top} className="!invisible" />
      <Handle id="bottom" type="source" position={Position.Bottom} className="!invisible" />
      <Handle id="right" type="source" position={Position.Right} className="!invisible" />
      <Handle id="left" type="source" position={Position.Left} className="!invisible" />
      <Handle id="right-in" type="target" position={Position.Right} className="!invisible" />
      <Handle id="left-in" type="target" position={Position.Left} className="!invisible" />
    </div>
  )
}

const strokes: Record<Flow['health'], string> = {
  ok: 'var(--ok)',
  degraded: 'var(--degraded)',
  down: 'var(--down)',
  unknown: 'var(--unknown)',
  stale: 'var(--stale)',
  paused: 'var(--paused)',
}

/** Whole while it flows and broken when it does not: the line itself has a shape beside its colour. */
function FlowLine({ data, id, ...ends }: EdgeProps<FlowEdge>) {
  const [path, x, y] = getSmoothStepPath(ends)
  const health = useShownHealth(data?.flow.health ?? 'unknown')
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        style={{
          stroke: strokes[health],
          strokeWidth: 2,
          strokeDasharray: health === 'ok' || health === 'degraded' ? undefined : '4 5',
        }}
      />
      <EdgeLabelRenderer>
        <div
          className="absolute rounded border bg-surface px-1.5 py-0.5 text-xs"
          style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        >
          {data ? <HealthMark health={data.flow.health} word={data.flow.label} /> : null}
        </div>
      </EdgeLabelRenderer>
    </>
  )
}

import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { type Link, links } from '@/lab/addressing'
import { type FaultRequest, faultOf, modes, noFault } from '@/lab/network/faults'
import { Forward } from '@/lab/network/forward'
import { writeFileAtomic } from '@/lab/service-process'

const savedFaults = z.record(z.string(), z.object({ mode: z.enum(modes), delayMs: z.int().min(0) }))

export type LinkStatus = Link & ReturnType<Forward['status']>

const keyOf = (link: Link) => `${link.viewer}>${link.zone}:${link.port}:${link.target}`

/** All forwarded links of a lab, and their faults. */
export class Network {
  private readonly lines: { link: Link; forward: Forward }[]

  constructor(
    net: number,
    private readonly stateFile: string,
  ) {
    this.lines = links(net).map((link) => ({ link, forward: new Forward(link) }))
  }

  async listen(): Promise<void> {
    const saved = existsSync(this.stateFile) ? savedFaults.parse(JSON.parse(readFileSync(this.stateFile, 'utf8'))) : {}
    for (const { link, forward } of this.lines) forward.set(saved[keyOf(link)] ?? noFault)
    await Promise.all(this.lines.map(({ forward }) => forward.listen()))
  }

  async close(): Promise<void> {
    await Promise.all(this.lines.map(({ forward }) => forward.close()))
  }

  status(): LinkStatus[] {
    return this.lines.map(({ link, forward }) => ({ ...link, ...forward.status() }))
  }

  /** Applies a fault to every link it means. @returns the links and what they suffer now */
  async apply(request: FaultRequest): Promise<LinkStatus[]> {
    const touched = this.lines.flatMap(({ link, forward }) => {
      const fault = faultOf(link, request)
      if (fault === undefined) return []
      forward.set(fault)
      return [{ ...link, ...forward.status() }]
    })
    await this.save()
    return touched
  }

  private async save(): Promise<void> {
    const faults = this.status().filter((line) => line.mode !== 'open')
    const content = Object.fromEntries(faults.map((line) => [keyOf(line), { mode: line.mode, delayMs: line.delayMs }]))
    await writeFileAtomic(this.stateFile, JSON.stringify(content))
  }
}

import { type Region, regions, type Viewer, viewers } from '@/lab/addressing'
import { type FaultReport, LabClient, type LinkStatus } from '@/lab/client'
import * as names from '@/lab/config/names'
import { allViewersOf, controlViewers } from '@/lab/lab'
import { readLabFile, runningSupervisor } from '@/lab/lab-file'
import { type LabPaths, labPaths } from '@/lab/paths'
import type { FaultAction } from '@/lab/platform/platform'
import { LabProblem, readSettings } from '@/lab/settings'
import { labStatus } from '@/lab/status'
import { statusText } from '@/lab/status-text'
import { plural } from '@/lab/text'
import { trafficText } from '@/lab/traffic-text'

/** The command line was wrong; nothing was done. */
export class WrongUse extends Error {}

export interface Outcome {
  json: unknown
  text: string
}

type Options = Record<string, string | boolean | undefined>
type Command = (context: { client: LabClient; paths: LabPaths; words: string[]; options: Options }) => Promise<Outcome>

const hostIds = regions.flatMap((region) => names.hostKinds(region, true).map((kind) => names.hostId(region, kind)))

function target(words: string[]): string {
  const word = words[0]
  if (word === undefined) throw new WrongUse('Which region? us-east or us-west')
  if (!regions.some((region) => region === word) && !hostIds.includes(word)) {
    throw new WrongUse(`There is no region or host ${word}: ${[...regions, ...hostIds].join(', ')}`)
  }
  return word
}

function zone(words: string[]): Region {
  const found = regions.find((region) => region === words[0])
  if (found === undefined) throw new WrongUse(`Which region? ${regions.join(' or ')}`)
  return found
}

function viewersFrom(option: string | boolean | undefined, of: Region): Viewer[] {
  if (option === 'control') return controlViewers
  const found = viewers.find((viewer) => viewer === option)
  if (found === undefined) throw new WrongUse(`--from needs one of: ${[...viewers, 'control'].join(', ')}`)
  if (found === of) throw new WrongUse(`${of} has no link to itself`)
  return [found]
}

const doneWord: Record<FaultAction, string> = {
  kill: 'ended',
  freeze: 'frozen',
  thaw: 'thawed',
  restore: 'started or thawed',
}

function faultText(report: FaultReport, action: FaultAction): string {
  const hosts = report.hosts.map((host) => `${host.hostId} ${host.processes}`).join(', ')
  return `${action} ${report.target}: ${plural(report.processes, 'process', 'processes')} ${doneWord[action]} (${hosts})`
}

const machineFault =
  (action: FaultAction): Command =>
  async ({ client, words, options }) => {
    const report = await client.fault(action, target(words), options.grey === true)
    return { json: report, text: faultText(report, action) }
  }

function linkText(verb: string, touched: LinkStatus[]): string {
  const pairs = [...new Set(touched.map((link) => `${link.viewer} → ${link.zone}`))].join(', ')
  const connections = touched.reduce((sum, link) => sum + link.connections, 0)
  return `${verb}: ${plural(touched.length, 'link')} (${pairs}) with ${plural(connections, 'open connection')}`
}

const cut: Command = async ({ client, words, options }) => {
  const region = zone(words)
  const from = viewersFrom(options.from, region)
  const way = options['one-way']
  if (way !== undefined && way !== 'in' && way !== 'out') throw new WrongUse('--one-way needs in or out')
  const touched = await client.setLinks(region, from, way === undefined ? 'cut' : `cut-${way}`)
  return { json: { links: touched }, text: linkText(`cut ${region}${way ? `, one way ${way}` : ''}`, touched) }
}

const slow: Command = async ({ client, words, options }) => {
  const region = zone(words)
  const from = viewersFrom(options.from, region)
  const ms = Number(options.ms)
  if (!Number.isInteger(ms) || ms < 1 || ms > 60_000) throw new WrongUse('--ms needs a whole number from 1 to 60000')
  const touched = await client.setLinks(region, from, 'slow', ms)
  return { json: { links: touched }, text: linkText(`slow ${region} by ${ms} ms each way`, touched) }
}

const heal: Command = async ({ client, words }) => {
  const region = zone(words)
  const before = (await client.links()).filter((link) => link.mode !== 'open')
  const touched = await client.setLinks(region, allViewersOf(region), 'open')
  const opened = before.filter((one) => touched.some((link) => link.listen === one.listen && link.port === one.port))
  const thawed = await client.fault('thaw', region)
  return {
    json: { opened, thawed },
    text: `heal ${region}: ${plural(opened.length, 'link')} opened, ${plural(thawed.processes, 'process', 'processes')} thawed`,
  }
}

const status: Command = async ({ client, paths }) => {
  const seen = await labStatus(client.net, paths, client)
  return { json: seen, text: statusText(seen) }
}

const traffic: Command = async ({ client, words }) => {
  const [verb] = words
  const calls: Record<string, readonly ['GET' | 'POST', string]> = {
    start: ['POST', '/start'],
    stop: ['POST', '/stop'],
    check: ['POST', '/check'],
  }
  const call = verb === undefined ? (['GET', '/summary'] as const) : calls[verb]
  if (call === undefined) throw new WrongUse(`traffic takes start, stop or check, not ${verb}`)
  const answer = await client.traffic(call[0], call[1])
  return { json: answer, text: trafficText(answer) }
}

const commands: Record<string, Command> = {
  status,
  kill: machineFault('kill'),
  restore: machineFault('restore'),
  freeze: machineFault('freeze'),
  thaw: machineFault('thaw'),
  cut,
  slow,
  heal,
  traffic,
}

/** @throws WrongUse, or LabProblem when it was not done */
export async function runCommand(words: string[], options: Options): Promise<Outcome> {
  const [name, ...rest] = words
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : commands[name]
  if (command === undefined) throw new WrongUse(name === undefined ? 'Which command?' : `There is no command ${name}`)
  const settings = readSettings()
  const paths = labPaths(settings.stateDirectory)
  const file = readLabFile(paths)
  if (file === null || runningSupervisor(paths) === null) {
    throw new LabProblem(`no lab runs with its state in ${paths.state}. Start one with: npm start`)
  }
  return command({ client: new LabClient(file.net, paths), paths, words: rest, options })
}

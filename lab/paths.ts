import { join } from 'node:path'
import type { Viewer } from '@/lab/addressing'
import { dataRoot } from '@/lab/data-root'

export type LabPaths = ReturnType<typeof labPaths>

/** Where everything of one lab lies. Pure but for looking at directory modes: nothing is created here. */
export function labPaths(stateDirectory: string) {
  const lab = join(stateDirectory, 'lab')
  const data = dataRoot(stateDirectory)
  const machines = join(data, 'machines')
  return {
    state: stateDirectory,
    lab,
    data,
    machines,
    /** How people find the machines, wherever they lie. */
    machinesLink: join(lab, 'machines'),
    build: join(stateDirectory, 'build'),
    logs: join(stateDirectory, 'logs'),
    secrets: join(lab, 'secrets'),
    hosts: join(lab, 'hosts'),
    configs: join(lab, 'config'),
    outside: join(lab, 'outside'),
    control: join(data, 'control'),
    controlData: join(data, 'control', 'postgres'),
    traffic: join(lab, 'traffic'),
    access: join(stateDirectory, 'access.json'),
    labFile: join(lab, 'lab.json'),
    claim: join(lab, 'supervisor.json'),
    serviceFile: join(lab, 'lifeboat.yaml'),
    log: (name: string) => join(stateDirectory, 'logs', `${name}.log`),
    secret: (name: string) => join(lab, 'secrets', name),
    config: (name: string) => join(lab, 'config', `${name}.json`),
    hostsFile: (viewer: Viewer) => join(lab, 'hosts', `${viewer}.json`),
    script: (name: string) => join(stateDirectory, 'build', `${name}.mjs`),
    machine: (hostId: string) => join(machines, hostId),
  }
}

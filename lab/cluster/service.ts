import type { Logger } from 'pino'
import { clusterServer } from '@/lab/cluster/api'
import type { ClusterConfig } from '@/lab/cluster/config'
import { Controller } from '@/lab/cluster/controller'
import { DeploymentStore, initialDeployment } from '@/lab/cluster/deployment-store'
import { closeServer, listen } from '@/lab/http-service'
import { readSecret } from '@/lab/service-process'

/** One region's cluster: the API and the instances behind it. @returns how to stop */
export async function startCluster(config: ClusterConfig, logger: Logger): Promise<() => Promise<void>> {
  const store = new DeploymentStore(config.stateFile, initialDeployment(config), () => controller.reconcile())
  const controller = new Controller(config, store, logger)
  await store.open()
  const server = clusterServer({ store, controller, token: readSecret(config.tokenFile) }, logger)
  await listen(server, config.listen.host, config.listen.port)
  controller.reconcile()
  logger.info({ ...config.listen, region: config.region }, 'cluster is ready')
  return async () => {
    await Promise.all([closeServer(server), controller.close()])
  }
}

import { clusterConfig } from '@/lab/cluster/config'
import { startCluster } from '@/lab/cluster/service'
import { configFromArguments, runProcess } from '@/lab/service-process'

const config = configFromArguments('cluster', clusterConfig)
void runProcess('cluster', (logger) => startCluster(config, logger))

import { configFromArguments, runProcess } from '@/lab/service-process'
import { trafficConfig } from '@/lab/traffic/config'
import { startTraffic } from '@/lab/traffic/service'

const config = configFromArguments('traffic', trafficConfig)
void runProcess('traffic', (logger) => startTraffic(config, logger))

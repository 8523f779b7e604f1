import { endpointConfig } from '@/lab/endpoint/config'
import { startEndpoint } from '@/lab/endpoint/service'
import { configFromArguments, runProcess } from '@/lab/service-process'

const config = configFromArguments('endpoint', endpointConfig)
void runProcess('endpoint', (logger) => startEndpoint(config, logger))

import { configFromArguments, runProcess } from '@/lab/service-process'
import { storeConfig } from '@/lab/store/config'
import { startStore } from '@/lab/store/service'

const config = configFromArguments('store', storeConfig)
void runProcess('store', (logger) => startStore(config, logger))

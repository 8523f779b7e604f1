import { dnsConfig } from '@/lab/dns/config'
import { startDns } from '@/lab/dns/service'
import { configFromArguments, runProcess } from '@/lab/service-process'

const config = configFromArguments('dns', dnsConfig)
void runProcess('dns', (logger) => startDns(config, logger))

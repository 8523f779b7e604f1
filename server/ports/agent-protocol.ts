export * from '@/server/domain/agent-protocol'

import { describe, expect, it } from 'vitest'
import { type FaultRequest, faultOf, faultRequest } from '@/lab/network/faults'

const request = (mode: FaultRequest['mode'], more: Partial<FaultRequest> = {}): FaultRequest => ({
  zone: 'us-east',
  viewers: ['us-west'],
  mode,
  ...more,
})

describe('faults of a link', () => {
  it('hits the link into the zone and mirrors the one out of it', () => {
    expect(faultOf({ viewer: 'us-west', zone: 'us-east' }, request('cut-in'))?.mode).toBe('cut-in')
    expect(faultOf({ viewer: 'us-east', zone: 'us-west' }, request('cut-in'))?.mode).toBe('cut-out')
    expect(faultOf({ viewer: 'us-east', zone: 'us-west' }, request('cut'))?.mode).toBe('cut')
  })

  it('leaves every other link alone', () => {
    expect(faultOf({ viewer: 'vantage-a', zone: 'us-east' }, request('cut'))).toBeUndefined()
    expect(
      faultOf({ viewer: 'vantage-a', zone: 'us-west' }, request('cut', { viewers: ['vantage-a'] })),
    ).toBeUndefined()
  })

  it('carries the delay of slow, and of nothing else', () => {
    const slow = request('slow', { ms: 200 })
    expect(faultOf({ viewer: 'us-east', zone: 'us-west' }, slow)).toEqual({ mode: 'slow', delayMs: 200 })
    expect(faultOf({ viewer: 'us-west', zone: 'us-east' }, request('open', { ms: 9 }))).toEqual({
      mode: 'open',
      delayMs: 0,
    })
  })

  it('refuses slow without a delay, and a region cut off from itself', () => {
    expect(faultRequest.safeParse(request('slow')).success).toBe(false)
    expect(faultRequest.safeParse(request('cut', { viewers: ['us-east'] })).success).toBe(false)
  })
})

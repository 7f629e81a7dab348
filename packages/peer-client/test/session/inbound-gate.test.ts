import { describe, expect, test } from 'vitest'
import { type Admission, InboundGate, type InboundLimits } from '#session/inbound-gate.ts'
import { ManualClock } from './manual-clock.ts'

const roomy: InboundLimits = { links: 1_000, pending: 1_000, perAddress: 1_000, newPerAddressPerSecond: 1_000 }

function gateWith(limits: Partial<InboundLimits>) {
  const clock = new ManualClock()
  const gate = new InboundGate(clock, { ...roomy, ...limits })
  const dropped: string[] = []
  const arrive = (address: string | undefined, name = address ?? 'unknown'): Admission | undefined =>
    gate.admit(address, () => dropped.push(name))
  return { clock, arrive, dropped }
}

describe('the gate for inbound links', () => {
  test('lets in no more than the limit, pending and up together, and again when one leaves', () => {
    const { arrive } = gateWith({ links: 3 })
    const first = arrive('192.0.2.1')
    arrive('192.0.2.2')?.up()
    arrive('192.0.2.3')
    expect(arrive('192.0.2.4')).toBeUndefined()
    first?.leave()
    first?.leave()
    expect(arrive('192.0.2.4')).toBeDefined()
    expect(arrive('192.0.2.5')).toBeUndefined()
  })

  test('counts open links per address', () => {
    const { arrive } = gateWith({ perAddress: 2 })
    const first = arrive('192.0.2.1')
    first?.up()
    arrive('192.0.2.1')
    expect(arrive('192.0.2.1')).toBeUndefined()
    expect(arrive('192.0.2.2')).toBeDefined()
    first?.leave()
    expect(arrive('192.0.2.1')).toBeDefined()
  })

  test('counts new links per address and second', () => {
    const { arrive, clock } = gateWith({ newPerAddressPerSecond: 4 })
    for (let i = 0; i < 4; i += 1) arrive('192.0.2.1')?.leave()
    expect(arrive('192.0.2.1')).toBeUndefined()
    expect(arrive('192.0.2.2')).toBeDefined()
    clock.advance(250)
    expect(arrive('192.0.2.1')).toBeDefined()
    expect(arrive('192.0.2.1')).toBeUndefined()
    clock.advance(60_000)
    for (let i = 0; i < 4; i += 1) expect(arrive('192.0.2.1')).toBeDefined()
    expect(arrive('192.0.2.1')).toBeUndefined()
  })

  test.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::1', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '2001:db8:0:0:8::2', true],
    ['::1', '::2', true],
    ['192.0.2.1', '192.0.2.10', false],
  ])('takes %s and %s for one customer: %s', (one, other, isSame) => {
    const { arrive } = gateWith({ perAddress: 1 })
    arrive(one)
    expect(arrive(other) === undefined).toBe(isSame)
  })

  test('a link without an address counts towards the whole only', () => {
    const { arrive } = gateWith({ perAddress: 1, newPerAddressPerSecond: 1, links: 5 })
    for (let i = 0; i < 5; i += 1) expect(arrive(undefined)).toBeDefined()
    expect(arrive(undefined)).toBeUndefined()
  })

  test('when too many are pending, the oldest of the source with the most gives way', () => {
    const { arrive, dropped } = gateWith({ pending: 4 })
    arrive('198.51.100.7', 'friend')
    arrive('192.0.2.1', 'flood 1')
    arrive('192.0.2.1', 'flood 2')
    arrive('192.0.2.1', 'flood 3')
    for (let i = 4; i < 10; i += 1) arrive('192.0.2.1', `flood ${i}`)
    expect(dropped).toEqual(['flood 1', 'flood 2', 'flood 3', 'flood 4', 'flood 5', 'flood 6'])
    arrive('203.0.113.5', 'another friend')
    expect(dropped.at(-1)).toBe('flood 7')
  })

  test('a link that is up does not give way', () => {
    const { arrive, dropped } = gateWith({ pending: 1 })
    arrive('192.0.2.1', 'up')?.up()
    arrive('192.0.2.1', 'pending')
    arrive('192.0.2.2', 'newest')
    expect(dropped).toEqual(['pending'])
  })

  test('forgets addresses that hold nothing before it remembers too many', () => {
    const { arrive } = gateWith({ newPerAddressPerSecond: 1, perAddress: 2 })
    const held = arrive('192.0.2.1')
    for (let i = 0; i < 5_000; i += 1) arrive(`10.0.${i >> 8}.${i & 255}`)?.leave()
    expect(arrive('192.0.2.1')).toBeUndefined()
    held?.leave()
  })
})

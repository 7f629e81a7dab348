import { describe, expect, test } from 'vitest'
import { Device } from './support/people.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

describe('device statements', () => {
  test('the last statement of each device is served as it was signed, in the order of the record', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    alice.devices.push(new Device())
    const [phone, laptop] = alice.devices
    if (phone === undefined || laptop === undefined) throw new Error('two devices expected')
    await directory.publish(alice)
    const ofLaptop = await alice.statement({}, laptop)
    const ofPhone = await alice.statement({}, phone)
    const newer = await alice.statement({ endpoints: [] }, phone)

    expect(await directory.put(`/v1/users/alice/devices/${laptop.id}`, { statement: ofLaptop })).toMatchObject({
      status: 201,
      body: { devices: [ofLaptop] },
    })
    expect(await directory.put(`/v1/users/alice/devices/${phone.id}`, { statement: ofPhone })).toMatchObject({
      status: 201,
    })
    expect(await directory.put(`/v1/users/alice/devices/${phone.id}`, { statement: newer })).toMatchObject({
      status: 200,
    })
    expect(await directory.put(`/v1/users/alice/devices/${phone.id}`, { statement: newer })).toMatchObject({
      status: 200,
    })
    expect((await directory.user('alice')).devices).toEqual([newer, ofLaptop])
  })

  test('an older statement is refused with the number in force', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const path = `/v1/users/alice/devices/${alice.device.id}`
    await directory.put(path, { statement: await alice.statement({ seq: 5 }) })

    for (const seq of [4, 5]) {
      const statement = await alice.statement({ seq, features: ['old'] })
      expect(await directory.put(path, { statement })).toMatchObject(refusal(409, 'stale-seq', { current: 5 }))
    }
  })

  test('a statement that does not fit its name, device, account or directory is refused', async () => {
    await using directory = await TestDirectory.start()
    await using other = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const unlisted = new Device()
    const put = async (name: string, device: string, statement: Promise<string>) => {
      return directory.put(`/v1/users/${name}/devices/${device}`, { statement: await statement })
    }
    const { id } = alice.device

    expect(await put('nobody', id, alice.statement())).toMatchObject(refusal(404, 'unknown-name'))
    expect(await put('bob', id, alice.statement())).toMatchObject(refusal(404, 'unknown-device'))
    expect(await put('alice', unlisted.id, alice.statement({}, unlisted))).toMatchObject(refusal(404, 'unknown-device'))
    expect(await put('alice', id, alice.statement({ accountId: bob.accountId }))).toMatchObject(
      refusal(404, 'unknown-device'),
    )
    expect(await put('alice', bob.device.id, alice.statement())).toMatchObject(refusal(400, 'bad-request'))
    expect(await put('alice', 'short', alice.statement())).toMatchObject(refusal(400, 'bad-request'))
    expect(await put('alice', id, alice.statement({ aud: other.person('x').audience }))).toMatchObject(
      refusal(400, 'wrong-audience'),
    )
    expect(await put('alice', id, alice.statement({ deviceKey: bob.device.id }))).toMatchObject(
      refusal(401, 'bad-signature'),
    )
    expect(await put('alice', id, alice.record())).toMatchObject(refusal(400, 'wrong-kind'))
    expect((await directory.user('alice')).devices).toEqual([])
  })

  test('an account that lists the device of another one learns and changes nothing of it', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await directory.put(`/v1/users/alice/devices/${alice.device.id}`, { statement: await alice.statement() })
    const mallory = directory.person('mallory')
    mallory.devices.push(alice.device)
    await directory.publish(mallory)
    const aimed = await mallory.statement({ seq: 1_000 }, mallory.device)

    expect((await directory.user('mallory')).devices).toEqual([])
    expect(await directory.put(`/v1/users/mallory/devices/${alice.device.id}`, { statement: aimed })).toMatchObject({
      status: 400,
    })
    expect(
      await directory.put(`/v1/users/alice/devices/${alice.device.id}`, { statement: await alice.statement() }),
    ).toMatchObject({ status: 200 })
  })
})

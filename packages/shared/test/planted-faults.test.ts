import { expect, test } from 'vitest'
import { isPlanted, plant } from '#planted-faults.ts'

test('a fault is there from its planting until it is taken out, and no other one is', () => {
  expect(isPlanted('no-base-rule')).toBe(false)
  const takeOut = plant('no-base-rule')
  expect(isPlanted('no-base-rule')).toBe(true)
  expect(isPlanted('no-origin')).toBe(false)
  takeOut()
  expect(isPlanted('no-base-rule')).toBe(false)
})

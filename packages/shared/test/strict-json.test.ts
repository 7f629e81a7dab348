import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonError, parseStrictJson } from '#strict-json.ts'

function codeOf(text: string, maxDepth?: number): string | undefined {
  try {
    parseStrictJson(text, maxDepth)
    return undefined
  } catch (error) {
    return error instanceof JsonError ? error.code : String(error)
  }
}

describe('strict JSON', () => {
  test('reads every value that JSON.stringify writes, as JSON.parse does', () => {
    const plain = fc.string().filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key))
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('tree')),
      map: fc.dictionary(plain, tie('tree')),
    }))
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(parseStrictJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  test.each([
    ['', 'not-json'],
    ['{', 'not-json'],
    ["{'a': 1}", 'not-json'],
    ['{"a": 1} {}', 'not-json'],
    ['{"a": 1, "a": 2}', 'duplicate-key'],
    ['{"a": 1, "\\u0061": 2}', 'duplicate-key'],
    ['[{"b": 1, "c": {}, "b" \n : 2}]', 'duplicate-key'],
    ['{"__proto__": {"isAdmin": true}}', 'forbidden-key'],
    ['{"\\u005f_proto__": 1}', 'forbidden-key'],
    ['[[{"constructor": 1}]]', 'forbidden-key'],
    ['[[[[]]]]', 'too-deep'],
    ['{"a":{"b":{"c":[]}}}', 'too-deep'],
  ])('refuses %s as %s', (text, code) => {
    expect(codeOf(text, 3)).toBe(code)
  })

  test('a key may occur again in another object, and as a value', () => {
    expect(parseStrictJson('[{"a":"a"},{"a":{"a":"\\"a\\":"}}]')).toEqual([{ a: 'a' }, { a: { a: '"a":' } }])
  })

  test('depth counts containers, not brackets in texts', () => {
    expect(codeOf(`"${'['.repeat(100)}"`, 1)).toBeUndefined()
    expect(codeOf(`${'['.repeat(16)}${']'.repeat(16)}`)).toBeUndefined()
    expect(codeOf(`${'['.repeat(17)}${']'.repeat(17)}`)).toBe('too-deep')
  })
})

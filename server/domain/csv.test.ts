import { describe, expect, it } from 'vitest'
import { csvField, csvLine } from './csv'

describe('csvField', () => {
  it.each([
    ['plain', 'plain'],
    [null, ''],
    ['', '""'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ])('%s', (value, field) => {
    expect(csvField(value)).toBe(field)
  })
})

it('ends a line as the standard says', () => {
  expect(csvLine(['a', null, 'b'])).toBe('a,,b\r\n')
})

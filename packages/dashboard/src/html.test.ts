import { describe, expect, it } from 'vitest'
import { html } from './html.ts'
import { clip } from './text.ts'

describe('html``', () => {
  it('escapes every value, in text and in attributes', () => {
    const name = `<img src=x onerror="alert('1')">&`
    expect(html`<b title="${name}">${name}</b>`.text).toBe(
      '<b title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;">' +
        '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</b>',
    )
  })

  it('takes markup of its own as it is, lists, numbers, and nothing for nothing', () => {
    const list = [html`<i>${'<'}</i>`, 'b', 0]
    expect(html`${list}${undefined}${null}${false}`.text).toBe('<i>&lt;</i>b0')
  })

  it('shows what cannot be seen, and what would turn the text around, as codes', () => {
    expect(html`${'a\u0000\u001b[31m\u007f\u0085\u2028\u202eb\r\n\tc'}`.text).toBe(
      'a\\u0000\\u001b[31m\\u007f\\u0085\\u2028\\u202eb\n\tc',
    )
  })

  it('replaces halves of characters, and keeps whole ones', () => {
    expect(html`${'\ud83d 🚀 \udc00'}`.text).toBe('\ufffd 🚀 \ufffd')
  })
})

describe('clip()', () => {
  it('keeps the beginning, and tells the length of the whole', () => {
    expect(clip('x'.repeat(1_048_576), 3)).toBe('xxx… (1,048,576 characters)')
    expect(clip('xxx', 3)).toBe('xxx')
  })
})

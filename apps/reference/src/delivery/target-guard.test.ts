import { describe, expect, it } from 'vitest'
import { createTargetGuard } from './target-guard.ts'

const guard = createTargetGuard({ allowPrivateTargets: false })

function lookUp(hostname: string, all: boolean): Promise<{ error: string | undefined; address: unknown }> {
  return new Promise((resolve) => {
    guard.lookup(hostname, { all }, (error, address) => {
      resolve({ error: error?.message, address })
    })
  })
}

describe('createTargetGuard()', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f000001/',
    'http://2130706433:8080/',
    'http://0.0.0.0/',
    'http://10.1.2.3/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://172.31.255.255/',
    'http://192.168.0.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[fc00::1]/',
    'http://[fe80::1]/',
    'http://[ff02::1]/',
    'http://localhost/',
  ])('refuses %s', async (url) => {
    expect(await guard.refusal(new URL(url))).toMatch(/ is a loopback, link-local or private address$/)
  })

  it.each(['http://1.1.1.1/', 'http://172.32.0.1/', 'http://[2606:4700::1111]/', 'https://does-not-exist.invalid/'])(
    'takes %s',
    async (url) => {
      expect(await guard.refusal(new URL(url))).toBeUndefined()
    },
  )

  it.each([true, false])('refuses a name that leads to such an address when it connects, all: %s', async (all) => {
    expect(await lookUp('localhost', all)).toEqual({
      error: expect.stringMatching(/^localhost is refused: (127\.0\.0\.1|::1) is a loopback, /),
      address: '',
    })
  })

  it('says why a name cannot be resolved', async () => {
    expect(await lookUp('does-not-exist.invalid', true)).toMatchObject({ error: expect.stringContaining('invalid') })
  })

  it('takes everything where private targets are allowed', async () => {
    const open = createTargetGuard({ allowPrivateTargets: true })
    expect(await open.refusal(new URL('http://localhost/'))).toBeUndefined()
    expect(open.addressRefusal('127.0.0.1')).toBeUndefined()
  })
})

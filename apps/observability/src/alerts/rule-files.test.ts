import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { read, rulesOf } from '../fixtures/rules.ts'
import type { RuleOptions } from './options.ts'
import { ruleFiles } from './rule-files.ts'

const rules = (options: RuleOptions) => rulesOf(ruleFiles(options)['svc-alerts.yml'])

describe('ruleFiles()', () => {
  it.each(['svc-alerts.yml', 'svc-prometheusrule.yml'] as const)('gives %s as it is committed', (name) => {
    expect(ruleFiles()[name], 'npm run observability writes it anew').toBe(read(`observability/${name}`))
  })

  it('gives the operator of Prometheus the same rules', () => {
    const { apiVersion, kind, spec } = parse(ruleFiles()['svc-prometheusrule.yml'])
    expect([apiVersion, kind]).toEqual(['monitoring.coreos.com/v1', 'PrometheusRule'])
    expect(spec).toEqual(parse(ruleFiles()['svc-alerts.yml']))
  })

  it('leads to the runbook wherever it is', () => {
    const urls = rules({ runbook: 'https://wiki.example/svc' }).flatMap(
      ({ annotations }) => annotations?.['runbook_url'],
    )
    expect(urls).toContain('https://wiki.example/svc#svcunhealthy')
    expect(urls.filter((url) => url !== undefined && !url.startsWith('https://wiki.example/svc#svc'))).toEqual([])
  })

  it('knows jobs by the names that it is given, and metrics by their prefix', () => {
    const names = ['relay', 'a.b', 'a"b\\.c\n']
    const [, known] = rules({ jobs: names, prefix: 'app_' })
    expect(known?.expr.split('\n')[0]).toBe(
      String.raw`group by (cluster, namespace, job, instance) (app_build_info or up{job=~"relay|a.b|a\"b\\.c\n"})`,
    )
    const left = rules({ prefix: 'app_' }).filter(({ expr }) => /\bsvc_\w/.test(expr.replaceAll(/\w+:svc_\w+:/g, '')))
    expect(left).toEqual([])
  })

  it('makes all times shorter by a factor, also those in the texts', () => {
    const find = (options: RuleOptions) => rules(options).find(({ alert }) => alert === 'SvcUnhealthyLong')
    expect(find({})).toMatchObject({ for: '15m', keep_firing_for: '5m' })
    const short = find({ timeFactor: 0.01 })
    expect(short).toMatchObject({ for: '9s', keep_firing_for: '3s' })
    expect(short?.annotations?.['description']).toContain('for more than 9s.')
    const [stalled] = rules({ timeFactor: 0.0001 }).filter(({ alert }) => alert === 'SvcHealthCheckerStalled')
    expect(stalled?.expr).toContain('> 0.006 and changes(svc_health_last_check_timestamp_seconds[18ms])')
  })

  it.each<[RuleOptions, string]>([
    [{ prefix: 'a-b' }, 'Cannot use the prefix "a-b". Expected letters, digits and "_"'],
    [{ prefix: '1a' }, 'Cannot use the prefix "1a". Expected letters, digits and "_"'],
    [{ jobs: [] }, 'Cannot use a job without a name. Expected the name of a job of Prometheus'],
    [{ jobs: ['a', ''] }, 'Cannot use a job without a name. Expected the name of a job of Prometheus'],
    [{ runbook: '' }, 'Cannot use the runbook "". Expected an address without "#" and spaces'],
    [{ runbook: 'a#b' }, 'Cannot use the runbook "a#b". Expected an address without "#" and spaces'],
    [{ timeFactor: 0 }, 'Cannot use the factor 0. Expected a number above 0, at most 1000'],
    [{ timeFactor: NaN }, 'Cannot use the factor NaN. Expected a number above 0, at most 1000'],
    [{ timeFactor: 1_001 }, 'Cannot use the factor 1001. Expected a number above 0, at most 1000'],
    [{ timeFactor: Infinity }, 'Cannot use the factor Infinity. Expected a number above 0, at most 1000'],
  ])('refuses %o', (options, message) => {
    expect(() => ruleFiles(options)).toThrow(new RangeError(message))
  })

  it.each(['a(', '(?=a)b', '(?<!a)b', '(?<n>a)', String.raw`(a)\1`, String.raw`\y`, '[^]', 'a{1001}', 'a(?i)('])(
    'refuses the job %j, which Prometheus would refuse',
    (job) => {
      expect(() => ruleFiles({ jobs: ['svc', job] })).toThrow(
        new RangeError(`Cannot use the job ${JSON.stringify(job)}. Expected a regular expression of Prometheus`),
      )
    },
  )

  it.each(['(?i)svc', '(?:a|b)?', String.raw`\(?=a\d+\.x`, 'a{2,1000}', 'ü "b"', '[^a]'])('takes the job %j', (job) => {
    expect(ruleFiles({ jobs: ['svc', job] })['svc-alerts.yml']).not.toBe('')
  })
})

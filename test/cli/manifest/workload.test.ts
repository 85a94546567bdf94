// Workloads as they are read, and the choice among their containers.
import { describe, expect, test } from 'vitest'
import { choose } from '../../../src/cli/manifest/choose.js'
import { readYaml } from '../../../src/cli/manifest/field.js'
import { readWorkloads, type Workload } from '../../../src/cli/manifest/workload.js'
import { UsageError } from '../../../src/cli/usage-error.js'
import { DAEMON } from './pod.js'

const read = (text: string): Workload[] => readYaml(text).flatMap(readWorkloads)

const deployment = (name: string, containers: string, kind = 'Deployment'): string =>
  `kind: ${kind}\nmetadata: { name: ${name} }\nspec: { template: { spec: { containers: ${containers} } } }\n`

describe('what has pods', () => {
  test.each(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Rollout'])('a %s', (kind) => {
    expect(read(deployment('shop', '[{ name: api }]', kind))).toMatchObject([{ kind, name: 'shop', containers: [{ name: 'api' }] }])
  })

  test('a Pod, a CronJob, a List; what has none is passed over', () => {
    const cron =
      'kind: CronJob\nmetadata: { name: c }\nspec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: x }] } } } } }'
    const pod = 'kind: Pod\nmetadata: { name: p }\nspec: { containers: [{ name: y }] }'
    const list = 'kind: List\nitems:\n  - { kind: Pod, metadata: { name: l }, spec: { containers: [{ name: z }] } }\n  - { kind: Service }'
    const names = read([cron, 'kind: Service\nspec: {}', pod, list].join('\n---\n')).map(({ kind, name }) => `${kind}/${name}`)
    expect(names).toEqual(['CronJob/c', 'Pod/p', 'Pod/l'])
  })
})

test('defaults are those of Kubernetes', () => {
  const [workload] = read(deployment('shop', '[{ name: api, livenessProbe: { httpGet: { port: 1 } } }]'))
  expect(workload?.termination).toMatchObject({ seconds: 30, isWritten: false })
  expect(workload?.containers[0]?.liveness).toMatchObject({
    initialDelayMs: 0,
    periodMs: 10_000,
    failures: 3,
    patienceMs: 30_000,
    terminationMs: undefined,
  })
  expect(workload?.containers[0]?.liveness?.httpGet).toMatchObject({ path: '/', port: 1, isHttps: false, host: undefined })
})

test('each thing says where it stands', () => {
  const text = `kind: Pod
metadata: { name: shop }
spec:
  terminationGracePeriodSeconds: 60
  containers:
    - name: api
      command: [node]
      args: [main.js, "8080"]
      livenessProbe:
        exec: { command: [true] }
`
  const [workload] = read(text)
  const [container] = workload?.containers ?? []
  expect(workload?.termination.at).toEqual({ path: 'terminationGracePeriodSeconds', line: 4 })
  expect(container?.liveness?.at).toEqual({ path: 'containers[api].livenessProbe', line: 9 })
  expect(container?.command).toEqual({ at: { path: 'containers[api].command', line: 7 }, words: ['node', 'main.js', '8080'] })
  expect(container?.where('readinessProbe')).toEqual({ path: 'containers[api].readinessProbe', line: 6 })
})

describe('the container', () => {
  const chosen = (text: string, wanted?: string): string => {
    const { workload, container } = choose(read(text), wanted, DAEMON, 'k8s.yaml')
    return `${workload.name}/${container.name}`
  }
  const probed = (name: string): string => `{ name: ${name}, readinessProbe: { httpGet: { path: /readyz, port: 9000 } } }`

  test('is the only one', () => expect(chosen(deployment('shop', '[{ name: api }]'))).toBe('shop/api'))

  test('is the only one whose probes ask for the daemon', () => {
    expect(chosen(deployment('shop', `[{ name: proxy }, ${probed('api')}]`))).toBe('shop/api')
    const both = `${deployment('shop', `[{ name: proxy }, ${probed('api')}]`)}---\n${deployment('other', '[{ name: api }]')}`
    expect(chosen(both)).toBe('shop/api')
  })

  test('is the one that was named, as far as the name goes', () => {
    const two = `${deployment('shop', '[{ name: api }, { name: proxy }]')}---\n${deployment('jobs', '[{ name: api }]')}`
    expect(chosen(two, 'proxy')).toBe('shop/proxy')
    expect(chosen(two, 'jobs/api')).toBe('jobs/api')
    expect(chosen(two, 'Deployment/shop/api')).toBe('shop/api')
    expect(() => chosen(two, 'api')).toThrow(
      'more than one container is called api; there are Deployment/shop/api, Deployment/shop/proxy, Deployment/jobs/api',
    )
    expect(() => chosen(two, 'web')).toThrow('no container is called web')
  })

  test('must be chosen when nobody can tell', () => {
    expect(() => chosen(deployment('shop', '[{ name: a }, { name: b }]'))).toThrow(
      'which container is it? Choose with --container: Deployment/shop/a, Deployment/shop/b',
    )
    expect(() => chosen(deployment('shop', `[${probed('a')}, ${probed('b')}]`))).toThrow(UsageError)
    expect(() => chosen('kind: Service')).toThrow('k8s.yaml describes no pods')
  })
})

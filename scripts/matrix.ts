// The whole suite on other versions of Node: `npm run matrix [-- 22 24 26]`. Each comes as an npm package, into a folder that goes away
// again. Ends with a line for each, and fails when one of them does.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const wanted = process.argv.slice(2)
const versions = wanted.length > 0 ? wanted : ['22', '24', '26']
const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'quiesce-matrix-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const totals = versions.map((version) => {
  const prefix = join(folder, version)
  const name = `node-${process.platform}-${process.arch}`
  execFileSync('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--loglevel=error', `${name}@${version}`], {
    stdio: 'inherit',
  })
  const path = `${join(prefix, 'node_modules', name, 'bin')}${delimiter}${process.env['PATH']}`
  const { stdout, status } = spawnSync('npx', ['vitest', 'run'], {
    cwd: root,
    env: { ...process.env, PATH: path },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) process.stdout.write(stdout)
  return { version, status, total: /^\d+ passed, .*$/m.exec(stdout)?.[0] ?? 'no total' }
})
for (const { version, total } of totals) console.log(`Node ${version}: ${total}`)
process.exitCode = totals.every(({ status }) => status === 0) ? 0 : 1

// Completion in real shells: the scripts are well formed, and offer commands, options, values, and the addresses of what runs.
import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.js'
import { completionsFor } from '../../src/cli/completion/ask.js'
import { completionScript } from '../../src/cli/completion/script.js'
import { fakeDaemon, json, lonely, stateOf, treeOf } from './fake-daemon.js'
import { PROGRAM } from './program.js'
import { Place } from './shop.js'

const exec = promisify(execFile)

function skips(shell: string): boolean {
  if (spawnSync(shell, ['--version']).status === 0 || process.env['CI'] === 'true') return false
  process.stdout.write(`No ${shell} here, so its completion is not tested: apt-get install ${shell}\n`)
  return true
}

// What a shell runs that loads the script and is asked for each line; it prints what it offers between two marks.
const BASH = `
eval "$(quiesce completion bash)"
COMP_LINE=$1 COMP_POINT=\${#1}
_quiesce
printf '<hit>%s</hit>\\n' "\${COMPREPLY[@]}"
`
const FISH = `
quiesce completion fish | source
complete -C $argv[1] | string replace -r '\\t.*' '' | string replace -r '(.*)' '<hit>$1</hit>'
true
`
// As a person would: the line, and the Tab key.
const ZSH = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "source $ZSH_RC"
zpty -r -m z out '*<ready>*'
zpty -n -w z "$1"$'\\t'
zpty -r -m z out '*<end>*'
print -r -- "$out"
zpty -d z
`
const ZSH_RC = `
PS1= PS2=
autoload -Uz compinit; compinit -u -D
eval "$(quiesce completion zsh)"
bindkey '^I' complete-word
compadd () {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return $?; fi
  local -a hits; builtin compadd -A hits "$@"; (( $#hits )) && print -rl -- '<hit>'$^hits'</hit>'
}
over () { print '<end>' }
comppostfuncs=(over)
print '<ready>'
`

const SHELLS = {
  bash: { check: ['-n'], ask: (line: string) => ['--norc', '--noprofile', '-c', BASH, 'bash', line] },
  zsh: { check: ['-n'], ask: (line: string) => ['-f', '-c', ZSH, 'zsh', line] },
  fish: { check: ['-n'], ask: (line: string) => ['--no-config', '-c', FISH, line] },
} as const

/** Asks shells for completions, with the program on the path. */
class Tab {
  readonly #env: NodeJS.ProcessEnv
  readonly #cwd: string

  constructor({ cwd, env }: Place) {
    this.#cwd = cwd
    const bin = join(cwd, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'quiesce'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
    chmodSync(join(bin, 'quiesce'), 0o755)
    writeFileSync(join(cwd, 'rc.zsh'), ZSH_RC)
    this.#env = { ...process.env, ...env, HOME: cwd, TERM: 'dumb', ZSH_RC: join(cwd, 'rc.zsh'), PATH: `${bin}:${process.env['PATH']}` }
  }

  async press(shell: keyof typeof SHELLS, line: string): Promise<string[]> {
    const { stdout } = await exec(shell, SHELLS[shell].ask(line), { cwd: this.#cwd, env: this.#env })
    return [...stdout.matchAll(/<hit>(.*?)<\/hit>/g)].map(([, hit = '']) => hit).filter((hit) => hit !== '')
  }
}

describe.each(Object.keys(SHELLS) as (keyof typeof SHELLS)[])('%s', (shell) => {
  test.skipIf(skips(shell))('reads the script, and completes commands, options and their values', async () => {
    const place = new Place()
    place.write('script', completionScript(shell))
    expect(spawnSync(shell, [...SHELLS[shell].check, join(place.cwd, 'script')], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    })
    const tab = new Tab(place)
    expect(await tab.press(shell, 'quiesce tr')).toEqual(['tree'])
    expect((await tab.press(shell, 'quiesce ')).filter((word) => !word.startsWith('-')).sort()).toEqual(
      [...Object.keys(COMMANDS), 'help'].sort(),
    )
    const options = (await tab.press(shell, 'quiesce check --')).sort()
    expect(options).toEqual(
      Object.keys(COMMANDS['check']?.options ?? {})
        .map((name) => `--${name}`)
        .sort(),
    )
    expect((await tab.press(shell, 'quiesce graph --format ')).sort()).toEqual(['dot', 'mermaid'])
    expect(await tab.press(shell, 'quiesce graph shop.mjs -f m')).toEqual(['mermaid'])
    expect((await tab.press(shell, 'quiesce completion ')).sort()).toEqual(['bash', 'fish', 'zsh'])
    expect(await tab.press(shell, 'quiesce help st')).toEqual(['step-down'])
  })

  test.skipIf(skips(shell))('completes addresses of daemons that run, segment by segment', async () => {
    const place = new Place()
    await place.start({ SESSIONS: '3' })
    const other = await place.start({ ROOT: 'mail' })
    const tab = new Tab(place)
    expect((await tab.press(shell, 'quiesce tree ')).sort()).toEqual(['mail', 'mail/', 'shop', 'shop/'])
    expect((await tab.press(shell, 'quiesce restart shop/w')).sort()).toEqual(['shop/web', 'shop/web/'])
    expect(await tab.press(shell, 'quiesce drain --yes shop/web/')).toEqual(['shop/web/api'])
    expect(await tab.press(shell, `quiesce kill ${other.child.pid}/d`)).toEqual([`${other.child.pid}/db`])
    // bash cuts words at the @, and takes only what comes behind it.
    const sessions = (await tab.press(shell, 'quiesce kill shop/sessions/session@')).sort()
    expect(sessions).toEqual(shell === 'bash' ? ['1', '2', '3'] : ['1', '2', '3'].map((at) => `shop/sessions/session@${at}`))
    expect(await tab.press(shell, 'quiesce top sh')).toEqual(['shop'])
  })

  test.skipIf(skips(shell))('offers nothing, and says nothing, where nothing runs', async () => {
    expect(await new Tab(new Place()).press(shell, 'quiesce drain shop/')).toEqual([])
  })
})

test('a name with more in it than a name is not offered: who presses Tab and Enter must not run it', async () => {
  const { env, folder } = lonely()
  const hostile = treeOf({
    id: 'shop',
    children: [{ id: 'db' }, { id: '$(reboot)' }, { id: 'a;reboot' }, { id: '`b`' }, { id: 'größe@1' }],
  })
  await fakeDaemon(join(folder, `shop-${process.pid}.sock`), { 'GET /state': json(stateOf(hostile)) })
  expect(await completionsFor('address', 'shop/', env)).toEqual(['shop/db', 'shop/größe@1'])
})

test.each([
  ['completion', 'which shell? bash, zsh or fish'],
  ['completion tcsh', 'tcsh is not known; bash, zsh or fish'],
])('%s', async (line, message) => {
  expect(await new Place().quiesce(line)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
})

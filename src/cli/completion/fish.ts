// What fish needs to complete a call of the program.
import type { Completes } from '../commands.js'
import { ASK, type CompletedCommand, type CompletedOption } from './completed.js'

/** The script for fish. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = [
    '# quiesce in fish: quiesce completion fish | source',
    'function __quiesce_ask',
    `  set -l words (commandline -opc)`,
    `  $words[1] ${ASK} $argv[1] (commandline -ct) 2>/dev/null`,
    'end',
    'complete -c quiesce -e',
    'complete -c quiesce -f',
    `complete -c quiesce -n __fish_use_subcommand -l help -d 'What the program can do'`,
    `complete -c quiesce -n __fish_use_subcommand -l version -d 'Its version'`,
    ...commands.flatMap(commandLines),
  ]
  return `${lines.join('\n')}\n`
}

function commandLines({ name, title, operands, options }: CompletedCommand): string[] {
  const when = `-n '__fish_seen_subcommand_from ${name}'`
  const [operand = 'nothing'] = operands
  return [
    `complete -c quiesce -n __fish_use_subcommand -a ${name} -d ${quoted(title)}`,
    ...(operand === 'nothing' ? [] : [`complete -c quiesce ${when} ${offerOf(operand)}`]),
    ...options.map((option) => `complete -c quiesce ${when} ${optionOf(option)}`),
  ]
}

function optionOf({ flags, about, value }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')
  const offer = value === undefined ? '' : value === 'nothing' ? ' -x' : ` -r ${offerOf(value)}`
  return `${names}${offer} -d ${quoted(about.replaceAll('`', ''))}`
}

function offerOf(what: Completes): string {
  switch (what) {
    case 'nothing':
      return '-f'
    case 'file':
      return '-F'
    case 'address':
    case 'daemon':
      return `-f -a '(__quiesce_ask ${what})'`
    case 'file-or-address':
      return `-F -a '(__quiesce_ask address)'`
    case 'file-or-daemon':
      return `-F -a '(__quiesce_ask daemon)'`
    default:
      return `-f -a '${what.join(' ')}'`
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

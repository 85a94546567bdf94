// What the program says about itself, made from the table of commands.
import { COMMANDS, type CommandSpec, type OptionSpec } from './commands.js'
import { wrap } from './text.js'

// Every command stands in one of them; a test holds that.
const GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['A file', ['check', 'run', 'graph']],
  ['A running daemon', ['tree', 'top', 'inspect', 'restart', 'drain', 'kill', 'step-down']],
  ['Afterwards', ['report']],
  ['Your shell', ['completion']],
]

/** What `quiesce --help` prints. */
export function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  return [
    ...wrap(
      'quiesce runs daemons that stop in order, shows what they do, tells beforehand whether they will stop in time, and afterwards how it went.',
    ),
    '',
    'Usage: quiesce COMMAND …',
    ...GROUPS.flatMap(([title, names]) => ['', title, ...names.map((name) => `  ${name.padEnd(width)}  ${COMMANDS[name]?.title ?? ''}`)]),
    '',
    '  quiesce help COMMAND   more about one command',
    '  quiesce --version',
    '',
  ].join('\n')
}

/** What `quiesce help COMMAND` prints. */
export function helpOf(command: CommandSpec): string {
  const options = Object.entries(command.options).map(([name, option]) => ({ head: headOf(name, option), about: option.about }))
  const indent = Math.max(...options.map(({ head }) => head.length)) + 4
  return [
    `Usage: quiesce ${command.synopsis}`,
    ...command.about.flatMap((paragraph) => ['', ...wrap(paragraph)]),
    '',
    ...options.flatMap(({ head, about }) => wrap(about, ' '.repeat(indent), `  ${head}`.padEnd(indent))),
    '',
    ...wrap(`Exit code: ${command.exit}`),
    '',
  ].join('\n')
}

function headOf(name: string, { short, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

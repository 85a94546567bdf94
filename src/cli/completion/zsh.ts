// What zsh needs to complete a call of the program.
import type { Completes } from '../commands.js'
import { ASK, type CompletedCommand, type CompletedOption } from './completed.js'

/** The script for zsh: to be evaluated, or to be put on the function path as `_quiesce`. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef quiesce
# quiesce in zsh: eval "$(quiesce completion zsh)", after compinit
_quiesce_ask() {
  local -a found
  # What zsh itself has to say comes before what it is asked for.
  found=(\${(f)"$($_quiesce_program ${ASK} $argv[-1] "$PREFIX" 2>/dev/null)"})
  (( $#found )) && compadd "\${(@)argv[1,-2]}" -Q -- $found
}
_quiesce() {
  local _quiesce_program=\${(e)words[1]}
  if (( CURRENT == 2 )); then
    local -a commands
    commands=(
${commands.map(({ name, title }) => `      ${quoted(`${name}:${title.replaceAll(':', '\\:')}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _quiesce ]]; then _quiesce "$@"; else compdef _quiesce quiesce; fi
`
}

function commandCase({ name, operands, options }: CompletedCommand): string {
  const [operand = 'nothing'] = operands
  const parts = [...options.map(argumentOf), quoted(`1:${nameOf(operand)}:${actionOf(operand)}`)]
  return `    ${name})\n      _arguments \\\n        ${parts.join(' \\\n        ')} ;;`
}

function argumentOf({ flags, about, value }: CompletedOption): string {
  const words = `[${about.replace(/[[\]\\]/g, '\\$&').replaceAll('`', '')}]`
  const rest = value === undefined ? words : `${words}:${nameOf(value)}:${actionOf(value)}`
  const [first = '', ...others] = flags
  // Either form of an option rules out the other.
  return others.length === 0 ? quoted(`${first}${rest}`) : `${quoted(`(${flags.join(' ')})`)}{${flags.join(',')}}${quoted(rest)}`
}

function nameOf(what: Completes): string {
  if (typeof what !== 'string') return 'name'
  return what === 'nothing' ? 'value' : what.replaceAll('-', ' ')
}

function actionOf(what: Completes): string {
  switch (what) {
    case 'file':
      return '_files'
    case 'nothing':
      return ' '
    case 'address':
    case 'daemon':
      return `_quiesce_ask ${what}`
    case 'file-or-address':
      return '{ _quiesce_ask address; _files }'
    case 'file-or-daemon':
      return '{ _quiesce_ask daemon; _files }'
    default:
      return `(${what.join(' ')})`
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

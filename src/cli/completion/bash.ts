// What bash needs to complete a call of the program.
import type { Completes } from '../commands.js'
import { ASK, type CompletedCommand, type CompletedOption } from './completed.js'

/** The script for bash. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  return `# quiesce in bash: eval "$(quiesce completion bash)"
_quiesce() {
  # Split at spaces alone: bash would cut an address at its @.
  local -a words
  read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:0:COMP_POINT}" == *[[:space:]] ]] && words+=('')
  local count=\${#words[@]} cur prev
  cur="\${words[count-1]}"
  prev="\${words[count-2]}"
  if [[ $cur == --*=* ]]; then prev="\${cur%%=*}" cur="\${cur#*=}"; fi
  COMPREPLY=()
  if (( count == 2 )); then _quiesce_words '${names} --help --version'; return; fi
  case "\${words[1]}" in
${commands.map(commandCase).join('\n')}
  esac
}

# What is offered, cut where bash cuts words.
_quiesce_offer() {
  local cut="\${cur%"\${cur##*[@:=]}"}" each
  for each in "$@"; do [[ $each == "$cur"* ]] && COMPREPLY+=("\${each#"$cut"}"); done
}
_quiesce_words() { local IFS=$' \\n'; _quiesce_offer $1; _quiesce_no_files; }
_quiesce_ask() { local IFS=$'\\n'; _quiesce_offer $("\${words[0]/#\\~/$HOME}" ${ASK} "$1" "$cur" 2>/dev/null); }
# Without anything else, files are offered.
_quiesce_no_files() { compopt +o default +o bashdefault 2>/dev/null; }
complete -o bashdefault -o default -F _quiesce quiesce
`
}

function commandCase({ name, operands, options }: CompletedCommand): string {
  const [operand = 'nothing'] = operands
  const flags = options.flatMap((option) => option.flags.filter((flag) => flag.startsWith('--'))).join(' ')
  const withValues = options.filter(({ value }) => value !== undefined).map(valueCase)
  const values = withValues.length === 0 ? '' : `      case "$prev" in\n${withValues.join('\n')}\n      esac\n`
  return `    ${name})
${values}      if [[ $cur == -* ]]; then _quiesce_words '${flags}'; return; fi
      ${offerOf(operand)} ;;`
}

function valueCase({ flags, value = 'nothing' }: CompletedOption): string {
  return `        ${flags.join('|')}) ${offerOf(value)}; return ;;`
}

function offerOf(what: Completes): string {
  switch (what) {
    case 'file':
      return ':'
    case 'nothing':
      return '_quiesce_no_files'
    case 'address':
    case 'daemon':
      return `_quiesce_ask ${what}; _quiesce_no_files`
    case 'file-or-address':
      return '_quiesce_ask address'
    case 'file-or-daemon':
      return '_quiesce_ask daemon'
    default:
      return `_quiesce_words '${what.join(' ')}'`
  }
}

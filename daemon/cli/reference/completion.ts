// SPDX-License-Identifier: Apache-2.0
import { type CommandEntry, flat, type OptionEntry } from './tree.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** The script that completes `offhook` on the shell's command line. */
export function completionFor(shell: Shell, program: CommandEntry): string {
  return { bash, zsh, fish }[shell](program)
}

/*
 * All three find the command by walking over the words before the cursor: `at` grows by a word while the tree has it, and
 * the value of an option is no word of a command. What then fits is a table of the tree.
 */

function bash(program: CommandEntry): string {
  const all = flat(program)
  return `# Completion of offhook for bash; made from its commands: do not edit.
_offhook() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at='' fits='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i - 1]}" in
${valueCases(all, 'continue')}    esac
    case "$at \${COMP_WORDS[i]}" in
      ${patterns(below(program))}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $prev" in
${choiceCases(all, (choices) => `fits=${single(choices.join(' '))}`)}${valueCases(all, 'mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames 2>/dev/null; return')}    *)
      case "$at" in
${all.map(({ path, ...entry }) => `        ${single(at(path))}) fits=${single(wordsOf(entry).join(' '))} ;;\n`).join('')}      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$fits" -- "$cur")
  if ((\${#COMPREPLY[@]} == 0)) && [[ $cur != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _offhook offhook
`
}

function zsh(program: CommandEntry): string {
  const all = flat(program)
  const described = (name: string, text: string) => single(`${name.replaceAll(':', '\\:')}:${text}`)
  const table = all.map(({ path, commands, options }) => {
    const words = commands.map((one) => described(lastWord(one.path), one.description))
    const flags = options.flatMap(({ names, description }) => names.map((name) => described(name, description)))
    return `    ${single(at(path))}) commands=(${words.join(' ')}); options=(${flags.join(' ')}) ;;\n`
  })
  return `#compdef offhook
# Completion of offhook for zsh; made from its commands: do not edit.
_offhook() {
  local at='' i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    case "$at $words[i-1]" in
${valueCases(all, 'continue')}    esac
    case "$at $words[i]" in
      ${patterns(below(program))}) at="$at $words[i]" ;;
    esac
  done
  case "$at $words[CURRENT-1]" in
${choiceCases(all, (choices) => `compadd -- ${choices.map(single).join(' ')}; return`)}${valueCases(all, '_files; return')}  esac
  case "$at" in
${table.join('')}  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option options
  elif (($#commands)); then
    _describe command commands
  else
    _files
  fi
}
if [[ $funcstack[1] == _offhook ]]; then
  _offhook "$@"
elif (($+functions[compdef])); then
  compdef _offhook offhook
fi
`
}

function fish(program: CommandEntry): string {
  const all = flat(program)
  const lines = all.flatMap(({ path, commands, options }) => {
    const here = `complete -c offhook -n ${fishQuoted(`test (__offhook_at) = ${fishQuoted(at(path))}`)}`
    return [
      ...commands.map((one) => `${here} -f -a ${lastWord(one.path)} -d ${fishQuoted(one.description)}`),
      ...options.map((option) => `${here} ${fishOption(option)}`),
    ]
  })
  return `# Completion of offhook for fish; made from its commands: do not edit.
function __offhook_at
    set -l words (commandline -opc)
    set -l at ''
    set -l before ''
    for word in $words[2..-1]
        switch "$at $before"
            case ${valuePatterns(all).map(fishQuoted).join(' ')}
                set before ''
                continue
        end
        switch "$at $word"
            case ${below(program)
              .map(({ path }) => fishQuoted(at(path)))
              .join(' ')}
                set at "$at $word"
        end
        set before $word
    end
    echo "$at"
end
${lines.join('\n')}
`
}

function fishOption({ names, description, takesValue, choices }: OptionEntry): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const value = choices.length > 0 ? `-x -a ${fishQuoted(choices.join(' '))}` : takesValue ? '-r' : ''
  return [...flags, value, `-d ${fishQuoted(description)}`].filter((part) => part !== '').join(' ')
}

function below(program: CommandEntry): CommandEntry[] {
  return flat(program).slice(1)
}

/** `'' ` for the program, ` alarm ack` for a command: each word with a space before it. */
function at(path: string): string {
  return path === '' ? '' : ` ${path}`
}

function wordsOf({ commands, options }: Pick<CommandEntry, 'commands' | 'options'>): string[] {
  return [...commands.map(({ path }) => lastWord(path)), ...options.flatMap(({ names }) => names)]
}

function lastWord(path: string): string {
  return path.slice(path.lastIndexOf(' ') + 1)
}

function patterns(entries: readonly CommandEntry[]): string {
  return entries.map(({ path }) => single(at(path))).join(' | ')
}

/** Every command with each of its options that take a value: ` run --config`. */
function valuePatterns(all: readonly CommandEntry[], wanted = (option: OptionEntry) => option.takesValue): string[] {
  return all.flatMap(({ path, options }) =>
    options.filter(wanted).flatMap(({ names }) => names.map((name) => `${at(path)} ${name}`)),
  )
}

function valueCases(all: readonly CommandEntry[], then: string): string {
  const some = valuePatterns(all)
  return some.length === 0 ? '' : `      ${some.map(single).join(' | ')}) ${then} ;;\n`
}

function choiceCases(all: readonly CommandEntry[], then: (choices: readonly string[]) => string): string {
  return all
    .flatMap(({ path, options }) =>
      options
        .filter(({ choices }) => choices.length > 0)
        .map(
          ({ names, choices }) =>
            `      ${names.map((name) => single(`${at(path)} ${name}`)).join(' | ')}) ${then(choices)} ;;\n`,
        ),
    )
    .join('')
}

function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

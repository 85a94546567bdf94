// Prints the table of stores and cases from the last run of the conformance kit: `npm run -s leases`.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OUTCOMES, type Row } from './outcomes.js'

/** A Markdown table: one line a case, one column a store; below it, why cases do not apply. */
export function drawTable(stores: ReadonlyMap<string, readonly Row[]>): string {
  const names = [...stores.keys()]
  const titles = [...new Set([...stores.values()].flatMap((rows) => rows.map(({ group, title }) => `${group}: ${title}`)))]
  const reasons: string[] = []
  const cell = (name: string, title: string): string => {
    const outcome = stores.get(name)?.find((row) => `${row.group}: ${row.title}` === title)?.outcome ?? 'not run'
    if (outcome === 'yes' || outcome === 'FAILED' || outcome === 'not run') return outcome
    const reason = `${name}: ${outcome}`
    if (!reasons.includes(reason)) reasons.push(reason)
    return `– ${reasons.indexOf(reason) + 1}`
  }
  const lines = titles.map((title) => `| ${title} | ${names.map((name) => cell(name, title)).join(' | ')} |`)
  const count = (name: string): string => {
    const rows = stores.get(name) ?? []
    const yes = rows.filter(({ outcome }) => outcome === 'yes').length
    const failed = rows.filter(({ outcome }) => outcome === 'FAILED').length
    return `${yes} yes, ${failed} failed, ${rows.length - yes - failed} not applicable`
  }
  return [
    `| case | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---|').join('')}`,
    ...lines,
    `| all ${titles.length} | ${names.map(count).join(' | ')} |`,
    '',
    'Not applicable:',
    ...reasons.map((reason, index) => `${index + 1}. ${reason}`),
  ].join('\n')
}

if (import.meta.filename === process.argv[1]) {
  const files = existsSync(OUTCOMES) ? readdirSync(OUTCOMES).sort() : []
  const read = (file: string): Row[] => JSON.parse(readFileSync(join(OUTCOMES, file), 'utf8')) as Row[]
  console.log(drawTable(new Map(files.map((file) => [file.replace(/\.json$/, ''), read(file)]))))
}

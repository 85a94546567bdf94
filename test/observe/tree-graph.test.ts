// A drawn tree is the tree: foreign parsers read back every service, whom it stands under and whom it uses, whatever it is called.
import { instance } from '@viz-js/viz'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { dynamicSupervisor, live, type Service, service, supervisor } from '../../src/index.js'
import { treeToDot } from '../../src/observe/diagrams/tree-dot.js'
import { treeToMermaid } from '../../src/observe/diagrams/tree-mermaid.js'
import { type Blueprint, everyBlueprint } from '../../src/policy/blueprint.js'
import { Problems } from '../../src/protocol/spec.js'
import { VirtualEnv } from '../../src/testing/virtual-env.js'
import { RunningSystem } from '../../src/tree/running-system.js'
import { readMermaid } from '../support/mermaid.js'

const leaf = (id: string, options: object = {}): Service => service(id, { start: () => id, ...options })
const blueprint = (tree: Service): Blueprint => new RunningSystem(tree, new VirtualEnv(), new Problems()).blueprint()

const db = leaf('db')
const api = leaf('api', { uses: { db }, restart: 'transient', edge: true })
const sessions = dynamicSupervisor('sessions', { child: () => leaf('session') }) as Service
const shop = supervisor('shop', {
  strategy: 'rest-for-one',
  children: [db, supervisor('web', { order: 'graph', children: [api, sessions] })],
})
const statuses = new Map([
  ['shop', 'ready'],
  ['shop/db', 'backing-off'],
  ['shop/web', 'ready'],
  ['shop/web/api', 'draining'],
  ['shop/web/sessions', 'ready'],
  ['shop/web/sessions/session@1', 'ready'],
  ['shop/web/sessions/session@2', 'stopped'],
  ['shop/web/sessions/session@3', 'ready'],
])

test('a Mermaid flowchart', () => {
  expect(treeToMermaid(blueprint(shop))).toBe(`flowchart TD
  shop["shop<br/>rest-for-one"]
  db("db<br/>permanent")
  web["web<br/>dependents, order#58; graph<br/>permanent"]
  api("api<br/>transient, edge")
  sessions["sessions<br/>one-for-one<br/>children come at run time<br/>permanent"]
  shop --- db
  shop --- web
  web --- api
  web --- sessions
  api -. uses .-> db
`)
})

test('a DOT graph', () => {
  expect(treeToDot(blueprint(shop))).toBe(`digraph "shop" {
  node [shape=box, fontname="Helvetica", fontsize=11]
  edge [fontname="Helvetica", fontsize=9, arrowhead=none]
  "shop" [label="shop\\nrest-for-one"]
  "shop/db" [label="db\\npermanent", style=rounded]
  "shop/web" [label="web\\ndependents, order: graph\\npermanent"]
  "shop/web/api" [label="api\\ntransient, edge", style=rounded]
  "shop/web/sessions" [label="sessions\\none-for-one\\nchildren come at run time\\npermanent"]
  "shop" -> "shop/db"
  "shop" -> "shop/web"
  "shop/web" -> "shop/web/api"
  "shop/web" -> "shop/web/sessions"
  "shop/web/api" -> "shop/db" [label="uses", style=dashed, arrowhead=vee, constraint=false]
}
`)
})

test('statuses are said and coloured; those that came at run time are counted', () => {
  const mermaid = treeToMermaid(blueprint(shop), statuses)
  expect(mermaid).toContain('  db("db<br/>backing-off<br/>permanent")\n')
  expect(mermaid).toContain('permanent<br/>at run time#58; 2 ready, 1 stopped"]')
  expect(mermaid).toContain('  class shop,web,sessions is-ready\n')
  expect(mermaid).not.toContain('is-stopped')
  const dot = treeToDot(blueprint(shop), statuses)
  expect(dot).toContain('"shop/web/api" [label="api\\ndraining\\ntransient, edge", style=rounded, color="#d97706", penwidth=2]')
  expect(dot).toContain('at run time: 2 ready, 1 stopped"')
})

// --- read back

interface Tree {
  readonly boxes: readonly string[]
  readonly under: readonly string[]
  readonly uses: readonly string[]
}

function written(root: Blueprint): Tree {
  const all = everyBlueprint(root)
  return {
    boxes: all.map(({ id }) => id).sort(),
    under: all.flatMap(({ id, children }) => children.map((child) => `${id} > ${child.id}`)).sort(),
    uses: all.flatMap(({ id, uses }) => [...new Set(uses)].map((used) => `${id} > ${used.slice(used.lastIndexOf('/') + 1)}`)).sort(),
  }
}

async function fromMermaid(text: string): Promise<Tree> {
  const { nodes, edges } = await readMermaid(text)
  const names = new Map(nodes.map(({ id, lines }) => [id, lines[0] ?? '']))
  const pairs = (isUse: boolean): string[] =>
    edges.filter(({ pattern }) => (pattern === 'dotted') === isUse).map(({ from, to }) => `${names.get(from)} > ${names.get(to)}`)
  return { boxes: [...names.values()].sort(), under: pairs(false).sort(), uses: pairs(true).sort() }
}

type Viz = Awaited<ReturnType<typeof instance>>
let viz: Viz
beforeAll(async () => {
  viz = await instance()
})

interface Laid {
  readonly objects?: readonly { readonly _gvid: number }[]
  readonly edges?: readonly { readonly tail: number; readonly head: number; readonly style?: string }[]
}

// Names as Graphviz draws them, since labels have escapes of their own: the first line of each node.
function fromDot(text: string): Tree {
  const { objects = [], edges = [] } = viz.renderJSON(text) as Laid
  const svg = viz.renderString(text, { format: 'svg' })
  const drawn = [...svg.matchAll(/id="node(\d+)" class="node">\n<title>.*<\/title>\n(?:<(?:path|polygon) .*\n)*<text [^>]*>(.*)<\/text>/g)]
  const texts = new Map(drawn.map(([, number, line = '']) => [Number(number) - 1, withoutEntities(line)]))
  const names = new Map(objects.map(({ _gvid }) => [_gvid, texts.get(_gvid) ?? '']))
  const pairs = (isUse: boolean): string[] =>
    edges.filter(({ style }) => (style === 'dashed') === isUse).map(({ tail, head }) => `${names.get(tail)} > ${names.get(head)}`)
  return { boxes: [...names.values()].sort(), under: pairs(false).sort(), uses: pairs(true).sort() }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", '#45': '-', amp: '&' }

function withoutEntities(text: string): string {
  return text.replace(/&([#\w]+);/g, (entity, name: string) => ENTITIES[name] ?? entity)
}

const WORDS = [
  'end',
  'subgraph',
  'graph',
  'flowchart',
  'class',
  'classDef',
  'style',
  'linkStyle',
  'click',
  'call',
  'default',
  'o',
  'x',
  'v',
  'TD',
  'BT',
  'direction',
  'is-ready',
  'constructor',
]
const SIGNS = [
  '"',
  "'",
  '\\',
  '\\n',
  '&amp;',
  '&',
  '<b>',
  '>',
  '[x]',
  '(y)',
  '{z}',
  '|',
  ';',
  '--',
  '-->',
  ':::',
  ':',
  '%%',
  '*a*',
  '_b_',
  '`c`',
  '1.',
  '-',
  '+',
  'é',
  '🙂',
  '$',
  '~',
]

interface Branch {
  readonly word: string
  readonly uses: readonly number[]
  readonly children: readonly Branch[] | undefined
}

const branchesOf = fc.memo(
  (depth): fc.Arbitrary<Branch> =>
    fc.record({
      word: fc.constantFrom(...WORDS, ...SIGNS),
      uses: fc.array(fc.nat(), { maxLength: 2 }),
      children: depth > 1 ? fc.option(fc.array(branchesOf(), { minLength: 1, maxLength: 3 }), { nil: undefined }) : fc.constant(undefined),
    }),
)
const DEEPEST = 4

/** A tree in which no two have the same id, so that ids can be compared. */
function build(root: Branch): Service {
  const known: Service[] = []
  const ids = new Set<string>()
  const make = ({ word, uses, children }: Branch, isRoot: boolean): Service => {
    const id = ids.has(word) ? `${word}${ids.size}` : word
    ids.add(id)
    if (children !== undefined || isRoot)
      return supervisor(id, { children: (children ?? []).map((child) => make(child, false)) }) as Service
    const used = uses.flatMap((number) => known[number % known.length] ?? [])
    const made = leaf(id, { uses: Object.fromEntries(used.map((each) => [each.id, live(each)])) })
    known.push(made)
    return made
  }
  return make(root, true)
}

describe('a foreign parser reads back', () => {
  const trees = branchesOf(DEEPEST).map((branch) => blueprint(build(branch)))

  test('the flowchart of any tree', async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        expect(await fromMermaid(treeToMermaid(tree))).toEqual(written(tree))
      }),
      { numRuns: 50 },
    )
  })

  test('the DOT graph of any tree', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        expect(fromDot(treeToDot(tree))).toEqual(written(tree))
      }),
      { numRuns: 50 },
    )
  })

  test('what is said of a running one', async () => {
    const { nodes } = await readMermaid(treeToMermaid(blueprint(shop), statuses))
    expect(nodes.find(({ id }) => id === 'sessions')?.lines).toEqual([
      'sessions',
      'ready',
      'one-for-one',
      'children come at run time',
      'permanent',
      'at run time: 2 ready, 1 stopped',
    ])
    expect(fromDot(treeToDot(blueprint(shop), statuses)).uses).toEqual(['api > db'])
  })

  test('nothing from what is no graph', async () => {
    await expect(readMermaid('flowchart TD\n  a[[[')).rejects.toThrow(/Parse error/)
    expect(() => viz.renderJSON('digraph {')).toThrow(/syntax error/)
  })
})

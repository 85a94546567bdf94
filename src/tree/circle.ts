// Finds a circle among uses, however long the chains are: nothing here is recursive.

/** Somebody uses somebody. */
interface Use<Node> {
  readonly user: Node
  readonly used: Node
}

/** One circle, its first member named again at the end; undefined when there is none. */
export function circleAmong<Node extends object>(uses: readonly Use<Node>[]): Node[] | undefined {
  const left = withoutTheLoose(uses)
  const [start] = left.keys()
  if (start === undefined) return undefined
  // Each of those that are left uses another one that is: whoever walks on comes round.
  const path = new Map<Node, number>()
  let node = start
  while (!path.has(node)) {
    path.set(node, path.size)
    node = left.get(node) as Node
  }
  const members = [...path.keys()].slice(path.get(node))
  return [...members, node]
}

// Takes away, again and again, those that use nobody; for each that is left, one that it uses and that is left too.
function withoutTheLoose<Node extends object>(uses: readonly Use<Node>[]): Map<Node, Node> {
  const usedBy = new Map<Node, Set<Node>>()
  const users = new Map<Node, Node[]>()
  for (const { user, used } of uses) {
    usedBy.set(user, (usedBy.get(user) ?? new Set()).add(used))
    usedBy.set(used, usedBy.get(used) ?? new Set())
    const list = users.get(used)
    if (list === undefined) users.set(used, [user])
    else list.push(user)
  }
  const loose = [...usedBy].filter(([, used]) => used.size === 0).map(([node]) => node)
  for (let node = loose.pop(); node !== undefined; node = loose.pop()) {
    usedBy.delete(node)
    for (const user of users.get(node) ?? []) {
      const rest = usedBy.get(user)
      if (rest?.delete(node) === true && rest.size === 0) loose.push(user)
    }
  }
  return new Map([...usedBy].map(([node, used]) => [node, [...used][0] as Node]))
}

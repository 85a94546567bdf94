// Facts for whoever subscribes to them by name, without a reference to a system or a daemon: tracers and profilers that are loaded
// beside the application. While nobody does, no fact is built for them.
import { type Channel, channel } from 'node:diagnostics_channel'
import { FACT_TYPES, type Fact, type FactType } from '../protocol/fact.js'
import type { System } from '../tree/system.js'

const every = channel('quiesce:fact')
const channels: ReadonlyMap<string, Channel> = new Map(FACT_TYPES.map((type) => [type, channel(`quiesce:fact:${type}`)]))

// Asked each time that something happens: there is no way to be told of subscribers.
const subscribed: Pick<ReadonlySet<FactType>, 'has'> = {
  has: (type) => every.hasSubscribers || channels.get(type)?.hasSubscribers === true,
}

/** Publishes the facts of a system on `quiesce:fact`, and those of each kind on `quiesce:fact:` and its name. Returns what ends that. */
export function publishFacts(system: System): () => void {
  return system.on(publish, subscribed)
}

function publish(fact: Fact): void {
  if (every.hasSubscribers) every.publish(fact)
  const own = channels.get(fact.type)
  if (own?.hasSubscribers === true) own.publish(fact)
}

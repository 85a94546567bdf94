// An exposition as it is read by a parser that is not ours: parse-prometheus-text-format, ported from the Python client of Prometheus.
import parse from 'parse-prometheus-text-format'

/** One sample. */
export interface Read {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric as the exposition announces it. */
export interface Announced {
  readonly name: string
  readonly type: string
  readonly help: string
}

/** All samples of one answer. */
export class Exposition {
  readonly samples: readonly Read[]
  readonly announced: readonly Announced[]

  /** @throws Error when the text is no exposition. */
  constructor(text: string) {
    this.announced = parse(text).map(({ name, type, help }) => ({ name, type: type.toLowerCase(), help }))
    // The parser merges the series of a histogram whatever their labels, so it is not told which ones are histograms.
    const plain = text.replace(/^# TYPE (\S+) histogram$/gm, '')
    this.samples = parse(plain).flatMap(({ name, metrics }) =>
      metrics.map(({ labels = {}, value }) => ({ name, labels, value: Number(value) })),
    )
  }

  /** The value of the one sample of a name that has these labels, and perhaps others; undefined when there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.samples.filter((sample) => sample.name === name && hasLabels(sample, labels))
    if (found.length > 1) throw new Error(`${found.length} samples of ${name} with ${JSON.stringify(labels)}`)
    return found[0]?.value
  }

  /** The values of one name by service. */
  byService(name: string): Record<string, number> {
    return Object.fromEntries(this.samples.filter((sample) => sample.name === name).map(({ labels, value }) => [labels['service'], value]))
  }

  sum(name: string): number {
    return this.samples.reduce((sum, sample) => sum + (sample.name === name ? sample.value : 0), 0)
  }
}

function hasLabels(sample: Read, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([name, value]) => sample.labels[name] === value)
}

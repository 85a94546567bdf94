// What of the parser is used here; the package has no types of its own.
declare module 'parse-prometheus-text-format' {
  const parse: (text: string) => {
    readonly name: string
    readonly type: string
    readonly help: string
    readonly metrics: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: string }[]
  }[]
  export = parse
}

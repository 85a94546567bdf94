// The one thing of jsdom that tests need: its own types would bring those of a browser, which do not agree with Node's.
declare module 'jsdom' {
  export class JSDOM {
    readonly window: { readonly document: unknown }
  }
}

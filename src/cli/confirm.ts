// Asks a person at a terminal whether something is meant.
import { createInterface } from 'node:readline/promises'

/** Asks there; undefined where nobody would answer. Anything but a yes is a no. */
export function confirmOn(input: NodeJS.ReadStream, output: NodeJS.WriteStream): ((question: string) => Promise<boolean>) | undefined {
  if (!input.isTTY || !output.isTTY) return undefined
  return async (question) => {
    const lines = createInterface({ input, output })
    // Ctrl+D is an answer too.
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    try {
      const answer = await Promise.race([lines.question(`${question} Is that meant? [y/N] `), ended])
      return /^y(es)?$/i.test(answer.trim())
    } finally {
      lines.close()
    }
  }
}

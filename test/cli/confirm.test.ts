// What cannot be taken back is asked first, where there is somebody to be asked.
import { describe, expect, test } from 'vitest'
import { Pty, skipsTerminal } from './pty.js'
import { Place } from './shop.js'

describe.skipIf(skipsTerminal)('at a terminal', () => {
  async function ask(line: string, answer: string): Promise<{ top: Pty; place: Place }> {
    const place = new Place()
    await place.start()
    const top = new Pty(line.split(' '), { cwd: place.cwd, env: place.env, columns: 100, rows: 24 })
    await top.until(({ output }) => output.includes('Is that meant? [y/N]'))
    top.type(answer)
    await top.exited
    return { top, place }
  }

  test.each([
    ['no', 'n\r'],
    ['nothing', '\r'],
    ['Ctrl+C', '\u0003'],
    ['Ctrl+D', '\u0004'],
  ])('%s is a no', async (_what, answer) => {
    const { top, place } = await ask('kill web/api', answer)
    expect(top.output).toMatch(/shop\/web\/api \(pid \d+\) will be ended by force\. Is that meant\?/)
    expect(top.output).toContain('nothing was done')
    expect(top.output).toMatch(/exit=1\r/)
    expect((await place.quiesce('tree web/api')).stdout).toMatch(/api +ready +#1/)
  })

  test('yes is a yes', async () => {
    const { top, place } = await ask('kill web/api', 'y\r')
    expect(top.output).toMatch(/shop\/web\/api \(incarnation 1\) was ended by force/)
    expect(top.output).toMatch(/exit=0\r/)
    expect((await place.quiesce('tree web/api')).stdout).toMatch(/api +ready +#2/)
  })

  test('a drain of all that takes work in from outside', async () => {
    const { top } = await ask('drain', 'yes\r')
    expect(top.output).toMatch(/shop\/web\/api \(pid \d+\) will take no more work until restarted\. Is that meant\?/)
    expect(top.output).toContain('all accepted work is finished')
    expect(top.output).toMatch(/exit=0\r/)
  })
})

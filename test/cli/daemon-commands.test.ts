// The commands that ask a running daemon: real processes, the real socket.
import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { withoutTimes } from './program.js'
import { linesOf, Place } from './shop.js'

const HOG = `
import { run, service, supervisor } from 'quiesce'
const hog = service('hog', { shutdown: '50ms', start: () => 1, stop: () => new Promise(() => {}) })
await run(supervisor('app', { children: [hog] }), { probes: false, marker: false })
`

const words = (text: string): string => text.replace(/\s+/g, ' ').trim()

describe('a daemon that runs', () => {
  test('shows its tree', async () => {
    const place = new Place()
    const shop = await place.start({ SESSIONS: '40' })
    await shop.line('leads')
    const { code, stdout, stderr } = await place.quiesce('tree')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [head, sum, , ...rows] = linesOf({ code, stdout, stderr })
    expect(head).toMatch(new RegExp(`^shop {2}ready {2}pid ${shop.child.pid} on .*, up \\d+ s, .*quiesce \\d+\\.\\d+\\.\\d+, Node 2`))
    expect(sum).toMatch(/^\d+ services: \d+ ready$/)
    expect(rows.map((row) => row.replace(/^[│├└─ ]+/, ''))).toEqual(
      expect.arrayContaining([
        'db  ready  #1',
        'api  ready  #1  0/10',
        expect.stringMatching(/^jobs {2}ready {2}#1.* term 1$/),
        '… 17 more: 17 ready',
      ]),
    )
    const { tree } = JSON.parse((await place.quiesce('tree web --json')).stdout)
    expect(tree).toMatchObject({ address: 'shop/web', children: [{ address: 'shop/web/api', state: 'ready', capacity: 10 }] })
    expect((await place.quiesce('tree --all --depth 2 shop')).stdout).toContain('session@40')
  })

  test('restarts a service, and says what happens meanwhile', async () => {
    const place = new Place()
    await place.start()
    const restarted = await place.quiesce('restart web/api')
    expect(restarted).toMatchObject({ code: 0, stderr: '' })
    expect(linesOf(restarted).map(withoutTimes)).toEqual([
      'shop/web/api  draining, at most N',
      'shop/web/api  closing: releases what it holds',
      'shop/web/api  stopped, took N',
      'shop/web/api  starting, incarnation 2',
      'shop/web/api  ready after N',
      'done in N: shop/web/api is ready again',
    ])
    const { stdout } = await place.quiesce('restart shop/web/api --json')
    expect(JSON.parse(stdout)).toMatchObject({
      verb: 'restart',
      address: 'shop/web/api',
      ok: true,
      state: 'ready',
      tookMs: expect.any(Number),
    })
  })

  test('drains one with work in flight, waits for that, and brings it back', async () => {
    const place = new Place()
    const shop = await place.start()
    const held = fetch(await shop.url())
    await shop.line('listening')
    const drain = place.follow('drain web/api')
    await drain.line(({ msg }) => /shop\/web\/api +finishing 1 in flight, at most \d+\.\d\d s/.test(msg))
    expect((await place.quiesce('tree web')).stdout).toMatch(/api +settling +#1 +1\/10/)
    shop.signal('SIGUSR2')
    expect(await (await held).text()).toBe('done')
    const { code, lines } = await drain.exited
    expect(lines.at(-1)?.msg).toMatch(/^done in .*: shop\/web\/api has stopped; the process stays\. `restart` brings it back$/)
    expect(code).toBe(0)
    expect((await place.quiesce('tree web')).stdout).toMatch(/api +stopped/)
    expect(await place.quiesce('restart web/api')).toMatchObject({ code: 0 })
    expect((await place.quiesce('tree web')).stdout).toMatch(/api +ready +#2/)
  })

  test('drains all that takes work in from outside, if that is meant', async () => {
    const place = new Place()
    await place.start()
    const asked = await place.quiesce('drain')
    expect(asked).toMatchObject({ code: 2, stdout: '' })
    expect(words(asked.stderr)).toMatch(
      /^quiesce: shop\/web\/api \(pid \d+\) will take no more work until restarted\. quiesce drain --yes$/,
    )
    const drained = await place.quiesce('drain -y')
    expect(drained).toMatchObject({ code: 0, stdout: expect.stringContaining('shop/web/api: no new work, all accepted work is finished') })
  })

  test('asks nobody about a drain of which nothing would come', async () => {
    const place = new Place({ 'hog.mjs': HOG })
    await place.follow('run hog.mjs').line('app is ready')
    expect(await place.quiesce('drain')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'quiesce: nothing in app takes work in from outside; name an address\n',
    })
  })

  test('kills one, which comes back', async () => {
    const place = new Place()
    await place.start()
    expect(await place.quiesce('kill web/api')).toMatchObject({ code: 2, stderr: expect.stringContaining('quiesce kill web/api --yes') })
    const killed = await place.quiesce('kill web/api --yes')
    expect(killed).toMatchObject({ code: 0, stderr: '' })
    expect(linesOf(killed).map(withoutTimes)).toEqual(
      expect.arrayContaining([
        'shop/web/api  restart 1 of at most 3 within 5.00 s, by shop/web: killed',
        expect.stringMatching(/^shop\/web\/api {2}ready after N$/),
        expect.stringMatching(/^done in N: shop\/web\/api \(incarnation 1\) was ended by force; .* \(now ready\)$/),
      ]),
    )
  })

  test('goes on when nobody reads any more, as behind `head`', async () => {
    const place = new Place()
    await place.start()
    const restart = place.follow('restart web/api')
    restart.child.stdout?.destroy()
    expect(await restart.exited).toMatchObject({ code: 0, stderr: '' })
    expect((await place.quiesce('tree web')).stdout).toMatch(/api +ready +#2/)
  })

  test('lets its leader step down', async () => {
    const place = new Place()
    const shop = await place.start()
    await shop.line('leads')
    const down = await place.quiesce('step-down')
    expect(down).toMatchObject({ code: 0, stderr: '' })
    expect(linesOf(down)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^shop\/jobs {2}steps down from term 1: /),
        expect.stringMatching(/^shop\/jobs {2}stepped down from term 1 after /),
        expect.stringMatching(/^done in .*: shop\/jobs has stepped down from term 1$/),
      ]),
    )
  })

  test('refuses what cannot be: its words, exit code 1', async () => {
    const place = new Place()
    const shop = await place.start()
    const refusals: readonly (readonly [string, string])[] = [
      ['restart shop', `shop is the root: to end the daemon, send its process (${shop.child.pid}) SIGTERM`],
      ['step-down db', 'shop/db is no leader'],
      ['drain web/apo', `there is no web/apo in shop (pid ${shop.child.pid}); did you mean shop/web/api? \`quiesce tree shop\` shows`],
      ['tree api', 'did you mean shop/web/api?'],
    ]
    for (const [line, refusal] of refusals) {
      const { code, stdout, stderr } = await place.quiesce(line)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(words(stderr)).toContain(refusal)
    }
  })

  test('as JSON it refuses on standard output', async () => {
    const place = new Place()
    const shop = await place.start()
    const { code, stdout, stderr } = await place.quiesce('restart shop --json')
    expect({ code, stderr, answer: JSON.parse(stdout) }).toEqual({
      code: 1,
      stderr: '',
      answer: { ok: false, error: `shop is the root: to end the daemon, send its process (${shop.child.pid}) SIGTERM` },
    })
  })

  test('goes on with what it was asked for, whoever looks', async () => {
    const place = new Place()
    const shop = await place.start()
    const held = fetch(await shop.url())
    const drain = place.follow('drain web/api')
    await drain.line(({ msg }) => msg.includes('finishing 1 in flight'))
    drain.signal('SIGINT')
    const { code, stderr } = await drain.exited
    expect({ code, stderr }).toEqual({ code: 130, stderr: 'quiesce: the daemon goes on with it all the same\n' })
    shop.signal('SIGUSR2')
    expect(await (await held).text()).toBe('done')
    await shop.line(({ service, msg }) => service === 'shop/web/api' && msg === 'stopped')
  })

  test('what did not end in order is said, and is no success', async () => {
    const place = new Place({ 'hog.mjs': HOG })
    const hog = place.follow(['run', 'hog.mjs'])
    await hog.line('app is ready')
    const { code, stdout } = await place.quiesce('drain app/hog')
    expect(code).toBe(1)
    expect(words(stdout)).toMatch(/done in .*, not in order \(app\/hog abandoned after .*\): app\/hog has stopped; /)
    expect(JSON.parse((await place.quiesce('restart app/hog --json')).stdout)).toMatchObject({ ok: true })
    expect(JSON.parse((await place.quiesce('drain app/hog --json')).stdout)).toMatchObject({
      ok: false,
      disorder: expect.stringContaining('abandoned'),
    })
  })

  test('that stops while it is asked: the command ends, and says why', async () => {
    const place = new Place()
    const shop = await place.start()
    const held = fetch(await shop.url())
    const drain = place.follow('drain web/api')
    await drain.line(({ msg }) => msg.includes('finishing 1 in flight'))
    shop.signal('SIGTERM')
    const { code, stderr } = await drain.exited
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'quiesce: shop/web/api: the supervisor is stopping\n' })
    shop.signal('SIGUSR2')
    expect(await (await held).text()).toBe('done')
    expect((await shop.exited).code).toBe(0)
  })

  test('that is gone while it is asked', async () => {
    const place = new Place()
    const shop = await place.start()
    const held = fetch(await shop.url()).catch(() => {})
    const drain = place.follow('drain web/api')
    await drain.line(({ msg }) => msg.includes('finishing 1 in flight'))
    await shop.end()
    await held
    const { code, stderr } = await drain.exited
    expect({ code, stderr }).toEqual({ code: 1, stderr: `quiesce: shop-${shop.child.pid} ended before it had answered\n` })
  })
})

describe('which daemon', () => {
  test('of two: each as it can be typed, and one of them by its process id', async () => {
    const place = new Place()
    const [one, other] = [await place.start(), await place.start({ ROOT: 'mail' })]
    const asked = await place.quiesce('tree')
    expect(asked).toEqual({
      code: 1,
      stdout: '',
      stderr: `quiesce: 2 daemons run here; say which\n  quiesce tree mail-${other.child.pid}\n  quiesce tree shop-${one.child.pid}\n`,
    })
    expect((await place.quiesce(`tree ${other.child.pid}`)).stdout).toMatch(/^mail {2}ready/)
    expect((await place.quiesce(`tree --socket ${join(place.folder, `shop-${one.child.pid}.sock`)} shop/db`)).stdout).toMatch(/\ndb +ready/)
    expect((await place.quiesce('tree', { QUIESCE_SOCKET: join(place.folder, `shop-${one.child.pid}.sock`) })).stdout).toMatch(
      /^shop {2}ready/,
    )
    expect(await place.quiesce('restart shop/db')).toMatchObject({ code: 0 })
  })

  test('none: where it was looked', async () => {
    const place = new Place()
    const { code, stdout, stderr } = await place.quiesce('tree')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(words(stderr)).toMatch(/^quiesce: no daemon of yours runs here Looked in .*quiesce.* --socket PATH\.$/)
  })

  test('one that was killed has left its socket: it is skipped and said, until the next start removes it', async () => {
    const place = new Place()
    const dead = await place.start()
    await dead.end()
    const path = join(place.folder, `shop-${dead.child.pid}.sock`)
    const { code, stderr } = await place.quiesce('tree shop')
    expect({ code, said: words(stderr) }).toEqual({
      code: 1,
      said: expect.stringContaining(`shop-${dead.child.pid} has ended and left its socket behind: ${path}`),
    })
    await place.start({ ROOT: 'mail' })
    expect(existsSync(path)).toBe(false)
  })

  test('one that ended in order has left nothing', async () => {
    const place = new Place()
    const shop = await place.start()
    shop.signal('SIGTERM')
    expect((await shop.exited).code).toBe(0)
    expect(readdirSync(place.folder)).toEqual([])
  })

  test('not one in a folder that others may enter', async () => {
    const place = new Place()
    await place.start()
    chmodSync(place.folder, 0o755)
    const { code, stderr } = await place.quiesce('tree')
    expect({ code, said: words(stderr) }).toEqual({
      code: 1,
      said: expect.stringContaining(`${place.folder} is not used: others may enter it (mode 755)`),
    })
  })
})

describe.runIf(process.platform === 'linux')('a daemon that does not answer', () => {
  test('suspended: what wakes it up', async () => {
    const place = new Place()
    const shop = await place.start()
    shop.signal('SIGSTOP')
    const { code, stderr } = await place.quiesce('tree --timeout 300ms')
    expect({ code, said: words(stderr) }).toEqual({
      code: 1,
      said: `quiesce: shop-${shop.child.pid} has not answered for 300 ms: process ${shop.child.pid} is suspended; \`kill -CONT ${shop.child.pid}\` lets it go on`,
    })
    shop.signal('SIGCONT')
    expect(await place.quiesce('tree')).toMatchObject({ code: 0 })
  })

  test('busy: its event loop is blocked', async () => {
    const place = new Place()
    const shop = await place.start()
    shop.signal('SIGWINCH')
    for (const line of ['tree --timeout 300ms', 'restart db --timeout 300ms']) {
      const { code, stderr } = await place.quiesce(line)
      expect({ code, said: words(stderr) }).toEqual({
        code: 1,
        said: expect.stringMatching(
          /has not answered for 300 ms: its event loop is (busy with one long piece of work|blocked).*`--timeout 1m` waits longer$/,
        ),
      })
    }
  })
})

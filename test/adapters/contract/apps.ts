// The same small application in every framework, each as its users would write it, and each made a service in one line.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import type { Service } from 'quiesce'
import {
  type FetchApp,
  type FetchEnv,
  type Handler,
  type HttpHandle,
  type HttpOptions,
  httpServer,
  type Listener,
  signalsOf,
} from 'quiesce/http'
import type { Stage } from './stage.ts'

/** A framework, and how its application becomes a service. */
export interface Row {
  readonly name: string
  readonly server: (stage: Stage, options: HttpOptions) => Service<HttpHandle>
}

export const rows: readonly Row[] = [
  { name: 'a listener', server: (stage, options) => httpServer('web', { ...options, app: () => listener(stage) }) },
  { name: '`handler`', server: (stage, options) => httpServer('web', { ...options, handler: handler(stage) }) },
  { name: 'express 5', server: (stage, options) => httpServer('web', { ...options, app: () => expressApp(stage) }) },
  { name: 'koa', server: (stage, options) => httpServer('web', { ...options, app: () => koaApp(stage) }) },
  { name: 'fastify 5', server: (stage, options) => httpServer('web', { ...options, app: () => fastifyApp(stage) }) },
  { name: 'hono', server: (stage, options) => httpServer('web', { ...options, app: () => honoApp(stage) }) },
  { name: '`{ fetch }`', server: (stage, options) => httpServer('web', { ...options, app: () => fetchApp(stage) }) },
]

// What every one of them answers: /hello at once · /echo with the body · /big as fast as it is read · /throw by throwing · /slow when
// the stage says so · /poll with 204 when the drain begins · /wait never: it waits until it is aborted · anything else with 404.

function listener(stage: Stage): Listener {
  return async (req, res) => {
    stage.enter()
    const { draining, signal } = signalsOf(req)
    if (req.url === '/hello') return res.end('hello')
    if (req.url === '/echo') return pipeline(req, res)
    if (req.url === '/big') return pipeline(stage.big(), res)
    if (req.url === '/throw') throw new Error('boom')
    if (req.url === '/slow') return res.end(await stage.slow())
    if (req.url === '/poll') return res.writeHead(await stage.poll(draining)).end()
    if (req.url === '/wait') return stage.wait(signal)
    return res.writeHead(404).end()
  }
}

// Synchronous wherever it can be.
function handler(stage: Stage): Handler<object & { readonly draining: AbortSignal }> {
  return (req, res, { request }) => {
    stage.enter()
    if (req.url === '/hello') return res.end('hello')
    if (req.url === '/echo') return req.pipe(res)
    if (req.url === '/big') return stage.big().pipe(res)
    if (req.url === '/throw') throw new Error('boom')
    if (req.url === '/slow') return stage.slow().then((text) => res.end(text))
    if (req.url === '/poll') return stage.poll(signalsOf(req).draining).then((status) => res.writeHead(status).end())
    if (req.url === '/wait') return stage.wait(request)
    res.writeHead(404).end()
  }
}

function expressApp(stage: Stage): express.Express {
  const app = express()
  app.use((_req, _res, next) => {
    stage.enter()
    next()
  })
  app.get('/hello', (_req, res) => void res.send('hello'))
  app.post('/echo', express.raw({ type: () => true, limit: '2mb' }), (req, res) => void res.send(req.body))
  app.get('/big', (_req, res) => pipeline(stage.big(), res))
  app.get('/throw', () => {
    throw new Error('boom')
  })
  app.get('/slow', async (_req, res) => void res.send(await stage.slow()))
  app.get('/poll', async (req, res) => void res.sendStatus(await stage.poll(signalsOf(req).draining)))
  app.get('/wait', (req) => stage.wait(signalsOf(req).signal))
  return app
}

function koaApp(stage: Stage): Koa {
  const app = new Koa()
  app.use(async (ctx) => {
    stage.enter()
    const { draining, signal } = signalsOf(ctx.req)
    if (ctx.path === '/hello') ctx.body = 'hello'
    else if (ctx.path === '/echo') ctx.body = ctx.req
    else if (ctx.path === '/big') ctx.body = stage.big()
    else if (ctx.path === '/throw') throw new Error('boom')
    else if (ctx.path === '/slow') ctx.body = await stage.slow()
    else if (ctx.path === '/poll') ctx.status = await stage.poll(draining)
    else if (ctx.path === '/wait') await stage.wait(signal)
  })
  return app
}

function fastifyApp(stage: Stage): FastifyInstance {
  const app = fastify()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async () => stage.enter())
  app.get('/hello', async () => 'hello')
  app.post('/echo', async (request) => request.body)
  app.get('/big', (_request, reply) => reply.send(stage.big()))
  app.get('/throw', async () => {
    throw new Error('boom')
  })
  app.get('/slow', () => stage.slow())
  app.get('/poll', async (request, reply) => reply.code(await stage.poll(signalsOf(request.raw).draining)).send())
  app.get('/wait', (request) => stage.wait(signalsOf(request.raw).signal))
  return app
}

function honoApp(stage: Stage): Hono<{ Bindings: FetchEnv }> {
  const app = new Hono<{ Bindings: FetchEnv }>()
  app.use((_c, next) => {
    stage.enter()
    return next()
  })
  app.get('/hello', (c) => c.text('hello'))
  app.post('/echo', async (c) => c.body(await c.req.arrayBuffer()))
  app.get('/big', (c) => c.body(Readable.toWeb(stage.big()) as ReadableStream<Uint8Array<ArrayBuffer>>))
  app.get('/throw', () => {
    throw new Error('boom')
  })
  app.get('/slow', async (c) => c.text(await stage.slow()))
  app.get('/poll', async (c) => c.body(null, await stage.poll(signalsOf(c.env.incoming).draining)))
  app.get('/wait', async (c) => {
    await stage.wait(c.req.raw.signal)
    return c.text('too late')
  })
  return app
}

function fetchApp(stage: Stage): FetchApp {
  return {
    async fetch(request, { incoming }) {
      stage.enter()
      const { pathname } = new URL(request.url)
      if (pathname === '/hello') return new Response('hello')
      if (pathname === '/echo') return new Response(request.body)
      if (pathname === '/big') return new Response(Readable.toWeb(stage.big()) as ReadableStream<Uint8Array>)
      if (pathname === '/throw') throw new Error('boom')
      if (pathname === '/slow') return new Response(await stage.slow())
      if (pathname === '/poll') return new Response(null, { status: await stage.poll(signalsOf(incoming).draining) })
      if (pathname === '/wait') await stage.wait(request.signal)
      return new Response(null, { status: 404 })
    },
  }
}

// What the compiler makes of HTTP applications: every framework's without a cast, and nothing else. Never run; test/types.test.ts compiles it.
import type { Server } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { type Service, service } from 'quiesce'
import { type App, type FetchApp, type FetchEnv, type HttpHandle, httpServer, signalsOf } from 'quiesce/http'
import { same } from './same.js'

const db = service('db', { start: () => ({ rows: 3 }) })

// --- every framework's application, made at once or later

const expressServer = httpServer('express', { app: () => express() })
same<typeof expressServer, Service<HttpHandle, {}, 'express'>>()
httpServer('koa', { app: () => new Koa() })
httpServer('koa', { app: () => new Koa<{ user: string }, { ip: string }>() })
httpServer('fastify', { app: () => fastify() })
httpServer('fastify', { app: async () => fastify({ logger: true }) })
httpServer('hono', { app: () => new Hono() })
httpServer('hono', { app: () => new Hono<{ Bindings: FetchEnv; Variables: { user: string } }>().basePath('/v1') })
httpServer('fetch', { app: () => ({ fetch: (request) => new Response(request.url) }) })
httpServer('fetch', {
  app: async () => ({ fetch: async (request, { incoming, outgoing }) => new Response(request.url + incoming.url + outgoing.statusCode) }),
})
httpServer('listener', { app: () => (req, res) => res.end(req.url) })
const either: App[] = [express(), new Koa(), fastify(), new Hono()]
void either

// --- its context has what the service uses

httpServer('uses', {
  uses: { db },
  app: (ctx) => {
    same<typeof ctx.uses, { readonly db: { rows: number } }>()
    return new Hono().get('/', (c) => c.text(String(ctx.uses.db.rows)))
  },
})
httpServer('uses', {
  uses: { db },
  handler: (_req, res, ctx) => {
    same<typeof ctx.request, AbortSignal>()
    same<typeof ctx.uses.db, { rows: number }>()
    res.end(String(ctx.uses.db.rows))
  },
})

// --- Node's request, for the signals, in each of them

express().get('/', (req) => signalsOf(req).draining)
new Koa().use((ctx) => signalsOf(ctx.req).draining)
fastify().get('/', async (request) => signalsOf(request.raw).draining.aborted)
new Hono<{ Bindings: FetchEnv }>().get('/', (c) => c.text(String(signalsOf(c.env.incoming).draining.aborted)))
const app: FetchApp = { fetch: (_request, env) => new Response(String(signalsOf(env.incoming).draining.aborted)) }
void app
// @ts-expect-error fastify's request is not Node's
fastify().get('/', async (request) => signalsOf(request))
// @ts-expect-error nor is the web's
new Hono().get('/', (c) => c.text(String(signalsOf(c.req.raw))))

// --- and what is no application

declare const server: Server
// @ts-expect-error nothing
httpServer('nothing', { app: () => {} })
// @ts-expect-error an object without any of the methods
httpServer('empty', { app: () => ({}) })
// @ts-expect-error a framework itself, not an application of it
httpServer('class', { app: () => Hono })
// @ts-expect-error a router wants a third argument
httpServer('router', { app: () => express.Router() })
// @ts-expect-error a server listens already
httpServer('server', { app: () => server })
// @ts-expect-error `fetch` that answers with text
httpServer('text', { app: () => ({ fetch: () => 'hello' }) })
// @ts-expect-error `fetch` that is none
httpServer('no-fetch', { app: () => ({ fetch: 'hello' }) })
// @ts-expect-error the application itself, not a function that makes one
httpServer('made', { app: new Hono() })
// @ts-expect-error both
httpServer('both', { app: () => new Hono(), handler: (_req, res) => res.end() })

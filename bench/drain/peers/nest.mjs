// As "Lifecycle events" in its documentation has it: shutdown hooks enabled. Decorators are called by hand, so that it runs as it is.
import 'reflect-metadata'
import { Controller, Get, HttpException, Module, Req } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { lameDuck, serving, work } from '../../../test/support/load/work.mjs'

let isStopping = false

class Work {
  work(req) {
    return work(req.url)
  }

  readyz() {
    if (isStopping) throw new HttpException('stopping', 503)
  }

  async beforeApplicationShutdown() {
    isStopping = true
    await lameDuck()
  }
}
const decorate = (name, path) => Get(path)(Work.prototype, name, Object.getOwnPropertyDescriptor(Work.prototype, name))
decorate('work', 'work/:id/:ms')
decorate('readyz', 'readyz')
Req()(Work.prototype, 'work', 0)
Controller()(Work)

class App {}
Module({ controllers: [Work] })(App)

const app = await NestFactory.create(App, { logger: ['error', 'warn'] })
app.enableShutdownHooks()
await app.listen(0, '127.0.0.1')
serving(app.getHttpServer().address().port)

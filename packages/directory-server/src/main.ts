#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { EXIT } from '#cli/exit.ts'
import { runProgram } from '#cli/program.ts'
import { startDirectory } from './directory-server.ts'

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}

process.umask(0o077)
process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(EXIT.internal)
})
process.exitCode = await runProgram(process.argv.slice(2), {
  environment: process.env,
  version: readVersion(),
  startDirectory,
})

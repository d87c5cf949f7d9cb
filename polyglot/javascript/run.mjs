#!/usr/bin/env node
/**
 * Derives IDs from JSON lines: for the tests of the repository that compare the languages.
 *
 *     node run.mjs derive [--why]     JSON lines on stdin, one uuid or "error" per line on stdout
 *                                     (with --why: "error: " and the message)
 */
import { derive } from './lines.mjs'

async function deriveAll(why) {
  const chunks = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  const input = Buffer.concat(chunks)
  const results = []
  for (let start = 0; start < input.length; ) {
    const newline = input.indexOf(10, start) // bytes: the text of a line may be anything
    const end = newline < 0 ? input.length : newline
    const result = derive(input.subarray(start, end))
    results.push(why || !result.startsWith('error') ? result : 'error')
    start = end + 1
  }
  process.stdout.write(results.map((result) => result + '\n').join(''))
  return 0
}

const [mode, ...options] = process.argv.slice(2)
if (mode === 'derive' && (options.length === 0 || (options.length === 1 && options[0] === '--why'))) {
  process.exitCode = await deriveAll(options.length === 1)
} else {
  console.error('usage: node run.mjs derive [--why]')
  process.exitCode = 2
}

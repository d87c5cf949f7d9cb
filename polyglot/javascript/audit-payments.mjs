#!/usr/bin/env node
/*
 * Compares a payment provider's report with an export of the shop's payments, without asking any service.
 *
 *     node audit-payments.mjs PROVIDER.csv EXPORT.csv
 *
 * PROVIDER.csv has the columns email, cart, attempt, amount, currency: the natural keys of each charge, as the
 * provider received them. EXPORT.csv has payment_id, amount, currency. The script derives the ID of each charge's
 * payment (customer -> order -> payment) and needs no mapping table. It prints one line for each difference and a
 * summary. Exit code 0: both agree; 1: they differ; 2: a file or an argument is wrong.
 *
 * FORGE_DOMAIN is the shop's domain (forgeshop.example if absent). FORGE_SECRET is the secret of a shop with keyed IDs.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import process from 'node:process'
import { Forge, ForgeError, email, int, parseUuid, text, uuid } from './forge-id.mjs'

const AMOUNT = /^[0-9]{1,15}(\.[0-9]{1,4})?$/
const CURRENCY = /^[A-Z]{3}$/

/** A file or an argument is wrong; nothing was compared. */
class Misuse extends Error {}

/** The records of a CSV text (RFC 4180); blank lines are left out. */
function records(csv) {
  const rows = []
  let row = []
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y
  while (field.lastIndex < csv.length) {
    const match = field.exec(csv)
    if (match === null) throw new Error('quotes are not balanced')
    row.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'))
    if (match[3] === ',' && field.lastIndex < csv.length) continue
    if (match[3] === ',') row.push('')
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  return rows
}

/** The records of a file as [row number, fields]; rows are counted from 1 after the header. */
function read(path, columns) {
  let rows
  try {
    rows = records(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)))
  } catch {
    throw new Misuse(`${path} cannot be read`)
  }
  if (rows.length === 0 || rows[0].join() !== columns.join()) throw new Misuse(`${path} does not begin with the header ${columns.join()}`)
  return rows.slice(1).map((row, index) => {
    const number = index + 1
    if (row.length !== columns.length) throw new Misuse(`${path}, row ${number}: ${row.length} fields instead of ${columns.length}`)
    const fields = Object.fromEntries(columns.map((column, i) => [column, row[i]]))
    if (!AMOUNT.test(fields.amount) || !CURRENCY.test(fields.currency)) {
      throw new Misuse(`${path}, row ${number}: not an amount such as 12.50 and a currency such as EUR`)
    }
    return [number, fields]
  })
}

/** The function that derives the ID of a payment from the natural keys of a charge. */
function paymentIds() {
  const forge = new Forge(process.env.FORGE_DOMAIN ?? 'forgeshop.example')
  const secret = process.env.FORGE_SECRET
  const options = secret ? { algorithm: 'v8-hmac-sha256', secret } : {}
  const [users, orders, payments] = ['users', 'orders', 'payments'].map((name) => forge.entity(name, options))
  return (charge) => {
    const user = users.id(email(charge.email))
    const order = orders.id({ user: uuid(user), reference: text(charge.cart) })
    return payments.id({ order: uuid(order), attempt: int(charge.attempt) })
  }
}

/** The rows by payment ID; repeated IDs and refused keys are reported and left out. */
function byId(rows, idOf, path, report) {
  const known = new Map()
  for (const [number, fields] of rows) {
    let payment
    try {
      payment = idOf(fields)
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error
      // The message names the field and the rule, never the value.
      report('refused', `${path}, row ${number}: ${error.message}`)
      continue
    }
    if (known.has(payment)) report('repeated', `${payment} ${path}, rows ${known.get(payment)[0]} and ${number}`)
    else known.set(payment, [number, fields])
  }
  return known
}

/** An amount in ten-thousandths: binary numbers do not hold decimal fractions. */
const exact = (amount) => {
  const [whole, decimals = ''] = amount.split('.')
  return BigInt(whole + decimals.padEnd(4, '0'))
}

const money = (fields) => `${fields.amount} ${fields.currency}`

function main(paths) {
  if (paths.length !== 2) throw new Misuse('two files are required: PROVIDER.csv EXPORT.csv')
  let differences = 0
  const report = (kind, detail) => {
    differences++
    console.log(`${kind.padEnd(10)} ${detail}`)
  }
  const [provider, exportFile] = paths.map((path) => basename(path))
  const charges = read(paths[0], ['email', 'cart', 'attempt', 'amount', 'currency'])
  const payments = read(paths[1], ['payment_id', 'amount', 'currency'])
  const charged = byId(charges, paymentIds(), provider, report)
  const exported = byId(payments, (fields) => parseUuid(fields.payment_id), exportFile, report)
  let agreeing = 0
  for (const [payment, [number, charge]] of charged) {
    if (!exported.has(payment)) {
      report('missing', `${payment} ${money(charge)} (${provider}, row ${number})`)
      continue
    }
    const [row, found] = exported.get(payment)
    if (exact(charge.amount) === exact(found.amount) && charge.currency === found.currency) agreeing++
    else report('different', `${payment} ${money(charge)} (${provider}, row ${number}), ${money(found)} (${exportFile}, row ${row})`)
  }
  for (const [payment, [number, found]] of exported) {
    if (!charged.has(payment)) report('unexpected', `${payment} ${money(found)} (${exportFile}, row ${number})`)
  }
  console.log(`${charges.length} charges, ${payments.length} payments: ${agreeing} agree, ${differences} differences`)
  return differences > 0 ? 1 : 0
}

try {
  process.exitCode = main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Misuse || error instanceof ForgeError)) throw error
  console.error(`audit-payments: ${error.message}`)
  process.exitCode = 2
}

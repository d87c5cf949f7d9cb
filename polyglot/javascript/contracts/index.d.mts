/** The values and the envelope of the shop's events, and the types of their data. */
import type { Entity } from '../forge-id.mjs'
import type { Money } from './events.mjs'

export * from './events.mjs'

/** A value or a message that breaks its contract. The message never repeats the value. */
export class ContractError extends Error {}

/** An amount in the smallest unit of its currency: 1250n is 12.50 EUR. */
export interface ExactMoney {
  readonly minorUnits: bigint
  readonly currency: string
}

/** @throws {ContractError} The value is no money. */
export function readMoney(value: unknown): ExactMoney
/** @throws {ContractError} The amount is negative or too large, or the currency is unknown. */
export function writeMoney(money: ExactMoney): Money

/**
 * Reads an instant with any offset (without one it is UTC): microseconds since 1970, rounded down.
 * @throws {ContractError} The value is no instant.
 */
export function readMicroseconds(value: unknown): bigint
/**
 * Reads an instant in milliseconds, rounded down.
 * @throws {ContractError} The value is no instant.
 */
export function readInstant(value: unknown): Date

/**
 * Reads a whole number of 32 bits.
 * @throws {ContractError} The value is none.
 */
export function readQuantity(value: unknown): number

/**
 * Returns the canonical form of a SKU of the shop.
 * @throws {ContractError} The text is no SKU.
 */
export function readSku(value: unknown): string

/** The attributes of a message. What only explains the event is undefined where the message does not have it. */
export interface Envelope {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly subject: string
  readonly sequence: bigint
  /** Microseconds since 1970; undefined where it cannot be read: take the time of the record. */
  readonly time: bigint | undefined
  readonly dataVersion: number
  readonly correlationId: string | undefined
  readonly causationId: string | undefined
}

/**
 * Reads the attributes of a message and verifies its ID. Of several headers with one name the last counts.
 * @param events The entity type of event IDs: `forge.entity('events')`.
 * @throws {ContractError} A required attribute is missing or invalid, or the ID is not derived from the others.
 */
export function readEnvelope(headers: Iterable<readonly [string, string | Uint8Array | null | undefined]>, events: Entity): Envelope

/** Returns the headers of a message, in the order in which .NET writes them. The ID is derived. */
export function writeEnvelope(
  attributes: {
    readonly type: string
    readonly source: string
    readonly subject: string
    readonly sequence: bigint | number
    /** RFC 3339 in UTC, at most microseconds. */
    readonly time: string
    readonly dataVersion: number
    readonly correlationId?: string | null | undefined
    readonly causationId?: string | null | undefined
    readonly traceParent?: string | null | undefined
    readonly traceState?: string | null | undefined
  },
  events: Entity,
): [string, string][]

/**
 * Forge ID, version 1 ("forge:1"): the same 16 bytes for the same thing, in every language.
 * The kinds, the refusals and the algorithms are described in docs/forge-id.md.
 */

/** A kind of value; it decides which texts are the same. */
export type Kind = 'email' | 'sku' | 'text' | 'int' | 'dec' | 'bool' | 'uuid' | 'ts3' | 'ts6'

/** How a name becomes an ID. `v8-hmac-sha256` needs a secret; without it, an ID cannot be derived or confirmed. */
export type Algorithm = 'v5' | 'v8-sha256' | 'v8-hmac-sha256'

/** Why a value is refused: the same words in every language. */
export type Reason =
  | 'Missing'
  | 'Empty'
  | 'TooLong'
  | 'Character'
  | 'Edge'
  | 'LoneSurrogate'
  | 'Form'
  | 'TooManyDigits'
  | 'Range'
  | 'TooPrecise'
  | 'FieldName'
  | 'DuplicateField'
  | 'NoFields'
  | 'TooDeep'
  | 'WrongKind'
  | 'WrongShape'
  | 'Configuration'

/** A refusal. It names the field, the kind, the reason and the code point, and never the value. */
export class ForgeError extends Error {
  constructor(where: string, kind: string | undefined, reason: Reason, detail: string, codePoint?: number)
  /** The field or the argument. */
  readonly where: string
  readonly kind: string | undefined
  readonly reason: Reason
  /** For people; not stable. */
  readonly detail: string
  /** The refused character, if there is one. */
  readonly codePoint: number | undefined
}

/** One typed value. Its text is not enumerable, so that it does not end up in a log. */
export class Value {
  constructor(kind: Kind, text: string)
  readonly kind: Kind
  get text(): string
}

/** A key of an entity: a value, a record, or a plain object as a record. */
export type Key = Value | Record | { readonly [field: string]: Node }

/** What may stand in a record: a value, a list or a record. */
export type Node = Key | readonly Node[]

/** A record as [name, value] pairs; a duplicate name is detected and refused. */
export class Record {
  /** @throws {ForgeError} The argument is not a list of pairs. */
  constructor(fields: Iterable<readonly [string, Node]>)
  get fields(): [string, Node][]
}

/** An e-mail address: trimmed, in lower case. */
export function email(value: string): Value
/** A stock keeping unit: trimmed, in upper case. */
export function sku(value: string): Value
/** A text of at most 1,024 bytes, byte for byte. */
export function text(value: string): Value
/** A whole number of at most 38 digits; a number must be a safe integer. */
export function int(value: bigint | number | string): Value
/** A decimal number of at most 28 digits. Text only: a number has lost digits already. */
export function dec(value: string): Value
/** A truth value. */
export function bool(value: boolean | 'true' | 'false'): Value
/** A UUID of 36 characters, in either case. */
export function uuid(value: string): Value
/** An instant in milliseconds; any UTC offset. */
export function ts3(value: Date | string): Value
/** An instant in microseconds; any UTC offset. */
export function ts6(value: Date | string): Value

/**
 * Returns the canonical text of a value; `where` is for the error message only.
 * @throws {ForgeError} The value is refused.
 */
export function canonical(kind: Kind, value: string, where?: string): string

/** All entity types of one domain, such as forgeshop.example. Immutable. */
export class Forge {
  /** @throws {ForgeError} The domain is refused. */
  constructor(domain: string)
  readonly root: string
  /**
   * Returns one entity type. The algorithm is part of its declaration: never change it later.
   * @throws {ForgeError} The name, the algorithm or the secret is refused.
   */
  entity(name: string, options?: { algorithm?: Algorithm | undefined; secret?: string | Uint8Array | null | undefined }): Entity
}

/** One entity type: derives the IDs of its members. Immutable. */
export interface Entity {
  readonly name: string
  readonly algorithm: Algorithm
  /** The UUIDv5 with which the names are hashed. */
  readonly namespace: string
  /**
   * Returns the ID of a key as text of 36 characters in lower case.
   * @throws {ForgeError} The key is refused.
   */
  id(key: Key): string
  /** Returns the text that `id` hashes: for tests and for the analysis of differences. May be personal data. */
  nameOf(key: Key): string
}

/** Returns a UUIDv5, RFC 9562 section 5.5. The name is taken as it is. */
export function v5(namespace: string, name: string | Uint8Array): string
/** Returns a UUIDv8 from SHA-256, RFC 9562 section 5.8 and appendix B.2. */
export function v8Sha256(namespace: string, name: string | Uint8Array): string
/** Returns a UUIDv8 from HMAC-SHA-256. */
export function v8HmacSha256(namespace: string, name: string | Uint8Array, secret: string | Uint8Array): string
/**
 * Returns a UUID of exactly 36 characters in lower case.
 * @throws {ForgeError} The text is not one.
 */
export function parseUuid(value: string): string
/** Returns the 16 bytes of a UUID in network order, as every store and every other language has them. */
export function uuidToBytes(value: string): Uint8Array

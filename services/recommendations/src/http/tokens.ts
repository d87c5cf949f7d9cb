import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { Problem, statusProblem } from './problems.js'

const clockTolerance = 10

/** Verifies the shop's access tokens (RFC 9068) with the keys that Users publishes. */
export class AccessTokens {
  readonly #keys: JWTVerifyGetKey

  constructor(
    users: string,
    private readonly issuer: string,
    private readonly audience: string,
  ) {
    // A new key is published an hour before it signs. An unknown key ID reloads the key set, but not for every token that has one.
    this.#keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', users), {
      timeoutDuration: 5_000,
      cooldownDuration: 10_000,
      cacheMaxAge: 300_000,
    })
  }

  /**
   * Returns the subject of the token.
   * @throws {Problem} There is no valid token, it lacks the permission, or the keys cannot be read.
   */
  async require(authorization: string | undefined, permission: string): Promise<string> {
    const token = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) throw statusProblem(401, { 'www-authenticate': 'Bearer' })
    const { payload } = await this.#verify(token)
    const permissions = typeof payload.scope === 'string' ? payload.scope.split(' ') : []
    if (!permissions.includes(permission)) throw statusProblem(403, { 'www-authenticate': 'Bearer error="insufficient_scope"' })
    return payload.sub ?? 'anonymous'
  }

  async #verify(token: string) {
    try {
      return await jwtVerify(token, this.#keys, {
        issuer: this.issuer,
        audience: this.audience,
        // One algorithm only: "none" and signatures keyed with the public key are refused. An ID token has another type.
        algorithms: ['ES256'],
        typ: 'at+jwt',
        requiredClaims: ['exp'],
        clockTolerance,
      })
    } catch (error) {
      throw translate(error)
    }
  }
}

/** The answer does not say why a token is invalid. Without keys no token can be verified: 503, because the same request can succeed later. */
function translate(error: unknown): Problem {
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' }
  if (error instanceof errors.JWTExpired)
    return new Problem(401, 'token-expired', 'The access token has expired; the refresh token gives a new one.', { headers })
  const isInvalid = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== 'ERR_JOSE_GENERIC'
  return isInvalid ? new Problem(401, 'invalid-token', 'The access token is not valid here.', { headers }) : statusProblem(503)
}

import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import type { FastifyRequest } from 'fastify'
import { settings } from '../settings.js'
import { Problem, statusProblem } from './problems.js'

const users = settings.Authentication__Users || settings.services__users__https__0 || settings.services__users__http__0

// A new key is published an hour before it signs. An unknown key ID reloads the key set, but not for every token that has one.
const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', users), { cooldownDuration: 10_000, cacheMaxAge: 300_000 })

const options = {
  issuer: settings.Authentication__Issuer,
  audience: settings.Authentication__Audience,
  // One algorithm only: "none" and signatures keyed with the public key are refused. An ID token has another type.
  algorithms: ['ES256'],
  typ: 'at+jwt',
  requiredClaims: ['exp'],
  clockTolerance: 10,
}

/** Returns the hook that lets a request pass if its access token (RFC 9068) is valid by the keys of Users and has a permission. */
export function allow(permission: string) {
  return async (request: FastifyRequest): Promise<void> => {
    const token = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined) throw statusProblem(401, { 'www-authenticate': 'Bearer' })
    const { payload } = await jwtVerify(token, keys, options).catch((error: unknown) => {
      throw translate(error)
    })
    const permissions = typeof payload.scope === 'string' ? payload.scope.split(' ') : []
    if (!permissions.includes(permission)) throw statusProblem(403, { 'www-authenticate': 'Bearer error="insufficient_scope"' })
  }
}

/** The answer does not say why a token is invalid. Without keys it is 503, because the same request can succeed later. */
function translate(error: unknown): Problem {
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' }
  if (error instanceof errors.JWTExpired)
    return new Problem(401, 'token-expired', 'The access token has expired; the refresh token gives a new one.', { headers })
  const isInvalid = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== 'ERR_JOSE_GENERIC'
  return isInvalid ? new Problem(401, 'invalid-token', 'The access token is not valid here.', { headers }) : statusProblem(503)
}

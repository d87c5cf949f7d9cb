import type { FastifyReply } from 'fastify'

/** Errors as RFC 9457 problem details, with the codes and texts of ServiceDefaults/Errors. Clients decide by the code. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly more: { readonly headers?: Record<string, string>; readonly members?: Record<string, unknown> } = {},
  ) {
    super(detail)
  }
}

const statusProblems: Readonly<Record<number, readonly [code: string, detail: string]>> = {
  400: ['bad-request', 'The request cannot be understood.'],
  401: ['unauthorized', 'This needs a valid access token.'],
  403: ['forbidden', 'You may not do this.'],
  404: ['not-found', 'There is nothing at this address.'],
  413: ['body-too-large', 'The body is too large.'],
  415: ['unsupported-media-type', 'The body has to be application/json.'],
  500: ['internal-error', 'Something went wrong on our side. The trace ID finds it in the logs.'],
  503: ['service-unavailable', 'A server that this request needs is unavailable. Try again in a moment.'],
}

/** Returns the problem of a status without a specific cause. */
export function statusProblem(status: number, headers: Record<string, string> = {}): Problem {
  const [code, detail] = statusProblems[status] ?? [`status-${status}`, 'The request was refused.']
  return new Problem(status, code, detail, { headers })
}

/** Returns 400 for one field. */
export function invalid(field: string, message: string): Problem {
  const members = { errors: { [field]: [message] } }
  return new Problem(400, 'validation-failed', 'Something in the request is missing or wrong; see errors.', { members })
}

export function sendProblem(reply: FastifyReply, { status, code, detail, more }: Problem, traceId: string): FastifyReply {
  const retry = status === 503 ? { 'retry-after': '2' } : {}
  const title = code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ')
  const type = `https://forgeshop.example/problems/${code}`
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...retry, ...more.headers })
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send({ type, title, status, detail, code, traceId, ...more.members })
}

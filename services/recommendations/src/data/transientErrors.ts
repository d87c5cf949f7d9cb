/**
 * The errors that are the store's fault and not the message's: a consumer waits and counts no attempt, HTTP answers 503. The codes are those
 * of ServiceDefaults/Databases/TransientPostgresErrors.cs.
 */
const classes = ['08', '25P', '28', '40', '53', '57P', '58']
const codes = new Set(['25006', '42501', '55000', '55006', '55P03', '57014', '3D000', '42P01', '42703'])

// The driver's own errors, which have no code: the server is unreachable, or a time-out expired.
const driver = /^(Connection terminated|timeout exceeded|Query read timeout|Client has encountered a connection error|Connection ended)/i

export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (/^E[A-Z]+$/.test(code) || driver.test(error.message)) return true
  return code.length === 5 && (codes.has(code) || classes.some((prefix) => code.startsWith(prefix)))
}

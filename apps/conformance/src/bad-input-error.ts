/** What was handed in cannot be replayed; the message says why, and where it stands. */
export class BadInputError extends Error {}
Object.defineProperty(BadInputError.prototype, 'name', { value: 'BadInputError', configurable: true, writable: true })

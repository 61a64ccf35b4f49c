/** Something with a `then` that is no promise, and how whoever awaits it should see it end. */
export interface Thenable {
  readonly name: string
  readonly ends: 'well' | 'badly' | 'as it likes'
  make(error: Error): PromiseLike<void>
}

// oxlint-disable-next-line unicorn/no-thenable -- what has a `then` and is no promise is the subject
const THEN: string = 'then'

type Settle = (value?: unknown) => void

function withThen(then: (resolve: Settle, reject: Settle) => unknown, on: object = {}): PromiseLike<void> {
  return Object.defineProperty(on, THEN, { value: then }) as PromiseLike<void>
}

function withGetter(get: () => unknown): PromiseLike<void> {
  return Object.defineProperty({}, THEN, { get }) as PromiseLike<void>
}

function thrown(error: Error): never {
  throw error
}

export const THENABLES: readonly Thenable[] = [
  {
    name: 'calls back at once',
    ends: 'well',
    make: () =>
      withThen((resolve) => {
        resolve()
      }),
  },
  { name: 'calls back late', ends: 'well', make: () => withThen((resolve) => setTimeout(resolve, 10)) },
  {
    name: 'calls back twice',
    ends: 'well',
    make: () =>
      withThen((resolve) => {
        resolve()
        resolve()
      }),
  },
  {
    name: 'succeeds, then fails',
    ends: 'well',
    make: (error) =>
      withThen((resolve, reject) => {
        resolve()
        reject(error)
      }),
  },
  {
    name: 'fails, then succeeds',
    ends: 'badly',
    make: (error) =>
      withThen((resolve, reject) => {
        reject(error)
        resolve()
      }),
  },
  {
    name: 'fails at once',
    ends: 'badly',
    make: (error) =>
      withThen((_, reject) => {
        reject(error)
      }),
  },
  {
    name: 'fails late, twice',
    ends: 'badly',
    make: (error) =>
      withThen((_, reject) =>
        setTimeout(() => {
          reject(error)
          reject(error)
        }, 10),
      ),
  },
  {
    name: 'succeeds, then throws',
    ends: 'well',
    make: (error) =>
      withThen((resolve) => {
        resolve()
        thrown(error)
      }),
  },
  { name: 'throws in its then', ends: 'badly', make: (error) => withThen(() => thrown(error)) },
  {
    name: 'throws late, after it has succeeded',
    ends: 'well',
    make: (error) =>
      withThen((resolve) =>
        setTimeout(() => {
          resolve()
          try {
            thrown(error)
          } catch {}
        }, 10),
      ),
  },
  { name: 'has a getter that throws', ends: 'badly', make: (error) => withGetter(() => thrown(error)) },
  {
    name: 'has a getter that throws the second time',
    ends: 'as it likes',
    make: (error) => {
      let reads = 0
      return withGetter(() =>
        reads++ === 0
          ? (resolve: Settle) => {
              resolve()
            }
          : thrown(error),
      )
    },
  },
  {
    name: 'is a function',
    ends: 'well',
    make: () =>
      withThen(
        (resolve) => {
          resolve()
        },
        () => {},
      ),
  },
  {
    name: 'succeeds with another thenable',
    ends: 'well',
    make: () =>
      withThen((resolve) => {
        resolve(
          withThen((inner) => {
            inner()
          }),
        )
      }),
  },
  {
    name: 'succeeds with one that fails',
    ends: 'badly',
    make: (error) =>
      withThen((resolve) => {
        resolve(
          withThen((_, reject) => {
            reject(error)
          }),
        )
      }),
  },
  { name: 'has a then that is no function', ends: 'well', make: () => withGetter(() => 'then') },
]

import { expectTypeOf } from 'vitest'
expectTypeOf<{a:1}>().toEqualTypeOf<{readonly a:1}>()

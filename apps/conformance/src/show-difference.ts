/**
 * Sets two lists of lines side by side as one: unchanged lines are indented, `-` is expected and missing, `+` is there
 * and not expected. It is the shortest such list. Empty when they are the same.
 */
export function showDifference(expected: readonly string[], got: readonly string[]): readonly string[] {
  const common = lengthsOfCommon(expected, got)
  const shown: string[] = []
  let differs = false
  let i = 0
  let j = 0
  while (i < expected.length || j < got.length) {
    if (i < expected.length && j < got.length && expected[i] === got[j]) {
      shown.push(`  ${expected[i++]}`)
      j++
      continue
    }
    differs = true
    const dropIt = i < expected.length && (j === got.length || at(common, i + 1, j) >= at(common, i, j + 1))
    shown.push(dropIt ? `- ${expected[i++]}` : `+ ${got[j++]}`)
  }
  return differs ? shown : []
}

/** For each pair of ends, from `i` and from `j` on, the length of their longest common subsequence. */
function lengthsOfCommon(a: readonly string[], b: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i] as number[]
      row[j] = a[i] === b[j] ? at(lengths, i + 1, j + 1) + 1 : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1))
    }
  }
  return lengths
}

function at(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0
}

/**
 * Edits (insert, delete, replace, swap of two neighbours) that turn `a` into `b`: Damerau-Levenshtein distance
 * in its "optimal string alignment" form, in which no piece is edited twice. That is enough for typing slips.
 */
export function editDistance(a: string, b: string): number {
  const from = Array.from(a);
  const to = Array.from(b);
  // Only three rows are ever looked at: the one being filled, the one before, and (for swaps) the one before that.
  let twoAgo: number[] = [];
  let oneAgo: number[] = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row: number[] = [i];
    for (let j = 1; j <= to.length; j++) {
      const replace = at(oneAgo, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let best = Math.min(replace, at(oneAgo, j) + 1, at(row, j - 1) + 1);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        best = Math.min(best, at(twoAgo, j - 2) + 1);
      }
      row.push(best);
    }
    twoAgo = oneAgo;
    oneAgo = row;
  }
  return at(oneAgo, to.length);
}

/** Row cells always exist where they are read; Infinity keeps the type honest without ever winning a minimum. */
function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

/**
 * The candidate that `word` was most likely meant to be, or undefined when none is near: at most one slip in three
 * letters (two for short words). Case and `-` against `_` count for nothing. On a tie the earlier candidate wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  let found: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate));
    // A distance as long as the word itself would "correct" it into something with nothing in common.
    if (distance < least && distance < Math.max(wanted.length, 1)) {
      least = distance;
      found = candidate;
    }
  }
  return found;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}

/** What a chunk was to have and what came out of it; both in the same unit (bits, or bytes). */
export interface ChunkSize {
  readonly planned: number;
  readonly actual: number;
}

/** A chunk to be encoded once more, and the size to ask for so that its planned size comes out. */
export interface Again {
  readonly chunk: number;
  readonly target: number;
}

/** A film this near its target is left as it is. */
const NEAR = 0.015;
/** How far a target may be moved at once: an encoder's miss is not in proportion for long, until it has been tried. */
const REACH = 1.5;
const TRIED_REACH = 3;

/**
 * The chunks to encode again when the film as a whole has missed its target: those that missed theirs by most, to the
 * side that the film is on, and no more of them than bring it near. None when it is near. `asked` are the targets that
 * the encoder was given when `actual` came out; a chunk's miss is taken off the next one. `response`: how a chunk's size
 * has followed its target before (`responseOf`), where it was tried.
 */
export function chunksAgain(
  sizes: readonly ChunkSize[],
  asked: readonly number[],
  target: number,
  response: readonly (number | undefined)[] = [],
): Again[] {
  let missing = target - sizes.reduce((sum, { actual }) => sum + actual, 0);
  if (Math.abs(missing) <= NEAR * target) return [];
  const side = Math.sign(missing);
  const misses = sizes
    .map(({ planned, actual }, chunk) => ({ chunk, planned, actual, miss: (planned - actual) * side }))
    .filter(({ miss, actual }) => miss > 0 && actual > 0)
    .sort((a, b) => b.miss - a.miss);
  const again: Again[] = [];
  for (const { chunk, planned, actual, miss } of misses) {
    const [follows, reach] = [response[chunk] ?? 1, response[chunk] === undefined ? REACH : TRIED_REACH];
    const factor = Math.min(Math.max((planned / actual) ** (1 / follows), 1 / reach), reach);
    again.push({ chunk, target: (asked[chunk] ?? planned) * factor });
    missing -= side * miss;
    if (missing * side <= NEAR * target * 0.5) break;
  }
  return again;
}

/** How a chunk's size has followed its target from one try to the next: 1 in proportion, less than it. */
export function responseOf(
  before: { readonly asked: number; readonly actual: number },
  now: { readonly asked: number; readonly actual: number },
): number | undefined {
  const moved = Math.log(now.asked / before.asked);
  if (!Number.isFinite(moved) || Math.abs(moved) < 0.02) return undefined;
  const followed = Math.log(now.actual / before.actual) / moved;
  return Number.isFinite(followed) ? Math.min(Math.max(followed, 0.25), 1.5) : undefined;
}

/** A chunk this far off its plan, though it was told to move by more than that, cannot come nearer. */
const STUCK = 0.1;

/**
 * The plan again, once chunks have been encoded as told: those that cannot use what they were to have (nothing is left
 * to be better at), or cannot do with so little, keep the size that they came to, and the others share what that leaves.
 */
export function replanned(sizes: readonly ChunkSize[], asked: readonly number[], target: number): number[] {
  const stuck = sizes.map(({ planned, actual }, chunk) => {
    const told = asked[chunk] ?? planned;
    return actual < planned
      ? actual < planned * (1 - STUCK) && told > planned * (1 + STUCK)
      : actual > planned * (1 + STUCK) && told < planned * (1 - STUCK);
  });
  const sum = (of: (size: ChunkSize) => number, which: boolean): number =>
    sizes.reduce((all, size, chunk) => all + (stuck[chunk] === which ? of(size) : 0), 0);
  const left = target - sum(({ actual }) => actual, true);
  const wanted = sum(({ planned }) => planned, false);
  const factor = wanted > 0 ? Math.max(0.1, left / wanted) : 1;
  return sizes.map(({ planned, actual }, chunk) => (stuck[chunk] ? actual : planned * factor));
}

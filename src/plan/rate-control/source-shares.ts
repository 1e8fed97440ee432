/** A chunk as its source shows it. */
export interface SourceChunk {
  readonly sourceBytes: number;
  readonly seconds: number;
}

/** How far the shares follow the source's sizes: measured, see docs/rate-control.md. */
const FOLLOW = 0.6;

/**
 * Bits for each chunk where nothing but the source's packets tells how hard it is: by their size, softened, since the
 * source's encoder gave hard scenes less than they are harder.
 */
export function sharesBySource(chunks: readonly SourceChunk[], target: number): number[] {
  const weights = chunks.map(({ sourceBytes, seconds }) => (sourceBytes / seconds || 1) ** FOLLOW * seconds);
  const all = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => (weight / all) * target);
}

/** The shares, none above its limit: what these leave goes to the others in proportion, as far as they can take it. */
export function capped(shares: readonly number[], limits: readonly number[]): number[] {
  const total = shares.reduce((a, b) => a + b, 0);
  let now = [...shares];
  for (let round = 0; round < shares.length; round++) {
    const full = now.map((share, i) => share >= (limits[i] ?? share));
    now = now.map((share, i) => Math.min(share, limits[i] ?? share));
    const free = now.reduce((sum, share, i) => (full[i] ? sum : sum + share), 0);
    const missing = total - now.reduce((a, b) => a + b, 0);
    if (missing <= total * 1e-6 || free === 0) break;
    now = now.map((share, i) => (full[i] ? share : share * (1 + missing / free)));
  }
  return now.map((share, i) => Math.min(share, limits[i] ?? share));
}

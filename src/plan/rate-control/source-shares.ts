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

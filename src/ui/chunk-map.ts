import type { ChunkState } from "./state.js";

/** Chunks that stand together: a change copies one block and the list of blocks, and not the whole film. */
const BLOCK = 256;

type Block = readonly (ChunkState | undefined)[];

/** The chunks of a film by their numbers. Never changes: what is set is set in a copy, which shares all but one block. */
export class ChunkMap {
  readonly #blocks: readonly Block[];
  /** Chunks that are known. */
  readonly size: number;

  private constructor(blocks: readonly Block[], size: number) {
    this.#blocks = blocks;
    this.size = size;
  }

  static readonly EMPTY = new ChunkMap([], 0);

  get(chunk: number): ChunkState | undefined {
    return this.#blocks[Math.floor(chunk / BLOCK)]?.[chunk % BLOCK];
  }

  /** The map with that chunk as `state` says. */
  set(chunk: number, state: ChunkState): ChunkMap {
    const at = Math.floor(chunk / BLOCK);
    const blocks = [...this.#blocks];
    while (blocks.length <= at) blocks.push([]);
    const block = [...(blocks[at] ?? [])];
    block[chunk % BLOCK] = state;
    blocks[at] = block;
    return new ChunkMap(blocks, this.get(chunk) === undefined ? this.size + 1 : this.size);
  }

  /** In order of their numbers. */
  *values(): Generator<ChunkState> {
    for (const block of this.#blocks) {
      for (const chunk of block) if (chunk !== undefined) yield chunk;
    }
  }
}

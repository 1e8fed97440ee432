/** An element of EBML (RFC 8794) inside a buffer. */
export interface Element {
  readonly id: number;
  /** Where the element, its data begin, and its data end. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

const VOID = 0xec;

/** The elements inside another, as far as they lie in the buffer; stops at the first byte that is no EBML. */
export function children(head: Buffer, parent: Pick<Element, "from" | "to">): Element[] {
  const found: Element[] = [];
  for (let at = parent.from; at < Math.min(parent.to, head.length); ) {
    const id = variableInt(head, at, false);
    const size = id && variableInt(head, at + id.length, true);
    if (!id || !size) break;
    const from = at + id.length + size.length;
    // All ones: a size that was not known when the element was begun.
    const unknown = size.value === 2 ** (7 * size.length) - 1;
    const to = unknown ? parent.to : from + size.value;
    found.push({ id: id.value, start: at, from, to });
    at = to;
  }
  return found;
}

function variableInt(head: Buffer, at: number, masked: boolean): { value: number; length: number } | undefined {
  const first = head[at];
  if (first === undefined || first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > head.length) return undefined;
  let value = masked ? first & (0xff >> length) : first;
  for (let i = 1; i < length; i++) value = value * 256 + (head[at + i] ?? 0);
  return { value, length };
}

/** A Void element that is this long with its own header: nothing for 0; undefined for 1, which is too short for one. */
export function emptySpace(bytes: number): Buffer | undefined {
  if (bytes === 0) return Buffer.alloc(0);
  if (bytes < 2) return undefined;
  const width = bytes < 2 + 127 ? 1 : 8;
  const space = Buffer.alloc(bytes);
  space[0] = VOID;
  writeSize(space, 1, bytes - 1 - width, width);
  return space;
}

/** Writes a size into a field of this many bytes; a field may be wider than need be. */
export function writeSize(buffer: Buffer, at: number, size: number, width: number): void {
  let rest = size;
  for (let i = width - 1; i >= 0; i--) {
    buffer[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  buffer[at] = (buffer[at] ?? 0) | (0x80 >> (width - 1));
}

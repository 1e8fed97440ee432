/**
 * Cuts a byte stream into lines. `\r` ends a line too, as ffmpeg rewrites its stat line with it.
 * A line longer than `limit` characters is handed over in pieces, so that foreign text cannot fill the memory.
 */
export class LineSplitter {
  #rest = "";
  readonly #decoder = new TextDecoder("utf-8", { fatal: false });

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly limit = 65536,
  ) {}

  push(chunk: Uint8Array): void {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const lines = this.#rest.split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.onLine(line);
    while (this.#rest.length > this.limit) {
      this.onLine(this.#rest.slice(0, this.limit));
      this.#rest = this.#rest.slice(this.limit);
    }
  }

  /** Hands over what is left when the stream has ended. */
  end(): void {
    this.#rest += this.#decoder.decode();
    if (this.#rest !== "") this.onLine(this.#rest);
    this.#rest = "";
  }
}

/** The last `limit` items pushed. */
export class Tail {
  readonly #items: string[] = [];

  constructor(private readonly limit = 40) {}

  push(item: string): void {
    this.#items.push(item);
    if (this.#items.length > this.limit) this.#items.shift();
  }

  get items(): readonly string[] {
    return this.#items;
  }
}

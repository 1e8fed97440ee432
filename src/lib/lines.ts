/**
 * Cuts a byte stream into lines. `\r` ends a line too, as ffmpeg rewrites its stat line with it.
 * A line longer than `limit` characters is handed over in pieces, so that foreign text cannot fill the memory.
 */
export class LineSplitter {
  #rest = "";
  #afterReturn = false;
  readonly #decoder = new TextDecoder("utf-8", { fatal: false });

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly limit = 65536,
  ) {}

  push(chunk: Uint8Array): void {
    const text = this.#decoder.decode(chunk, { stream: true });
    if (text === "") return;
    // The other half of a `\r\n` that two chunks share ends no second line.
    this.#rest += this.#afterReturn && text.startsWith("\n") ? text.slice(1) : text;
    this.#afterReturn = text.endsWith("\r");
    const lines = this.#rest.split(/\r\n|\n|\r/);
    const rest = lines.pop() ?? "";
    for (const line of lines) this.onLine(this.#last(line));
    this.#rest = this.#last(rest);
  }

  /** Hands over what is left when the stream has ended. */
  end(): void {
    const rest = this.#last(this.#rest + this.#decoder.decode());
    this.#rest = "";
    if (rest !== "") this.onLine(rest);
  }

  /** Hands over all pieces of a long line but the last, and gives that. */
  #last(line: string): string {
    let at = 0;
    for (; line.length - at > this.limit; at += this.limit) this.onLine(line.slice(at, at + this.limit));
    return line.slice(at);
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

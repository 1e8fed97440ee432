/** The most that a frame is long, and more: what grows beyond this is none. */
const LONGEST = 256 * 1024;

/** As much is kept of what stands outside frames. */
const NOISE = 4096;

/** Where the streams of a program go. */
export interface FrameSink {
  pushStdout(data: Uint8Array): void;
  pushStderr(data: Uint8Array): void;
}

/**
 * Takes a program's streams and status out of what a script on Windows writes (`run.ts`): frames `@dfK:BASE64;`, K being `o` for stdout, `e`
 * for stderr, `x` for the status.
 *
 * Nothing else comes through a login shell of any kind as it was: where DefaultShell is PowerShell, it decodes what programs write and writes it
 * anew line by line, breaks long lines, hands stderr on as records of its own, and makes every status 0 or 1 (about_PowerShell_exe). So blanks
 * and line ends count nowhere, and what is outside frames is the shell's own.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  #rest = "";
  #noise = "";
  #status: number | undefined;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** How the program ended, once that was told. */
  get status(): number | undefined {
    return this.#status;
  }

  /** The last of what came while no status was told: the shell's own words, perhaps. */
  get noise(): string {
    return this.#status === undefined ? this.#noise : "";
  }

  push(data: Uint8Array): void {
    const text = Buffer.from(data).toString("latin1");
    this.#rest += text.replace(/\s+/g, "");
    let at = 0;
    for (const { 0: all, 1: kind, 2: base64 = "", index } of this.#rest.matchAll(/@df([oex]):([A-Za-z0-9+/=]*);/g)) {
      at = index + all.length;
      const bytes = Buffer.from(base64, "base64");
      if (kind === "o") this.#sink.pushStdout(bytes);
      else if (kind === "e") this.#sink.pushStderr(bytes);
      else this.#status ??= wholeNumber(bytes.toString("latin1"));
    }
    this.#noise = at === 0 ? (this.#noise + text).slice(-NOISE) : "";
    this.#rest = this.#rest.slice(at);
    if (this.#rest.length > LONGEST) this.#rest = this.#rest.slice(-NOISE);
  }
}

function wholeNumber(text: string): number | undefined {
  return /^-?\d{1,10}$/.test(text) ? Number(text) : undefined;
}

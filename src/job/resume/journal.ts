import { type FileHandle, open, readFile, truncate } from "node:fs/promises";
import { z } from "zod";

/*
 * What is kept of a job is told by a journal: a line of JSON a record. Lines are only ever added, and each is on the disk
 * before what it tells of is relied on. A power loss may tear the last one: it counts as not written.
 */

const sourceSchema = z.object({
  path: z.string(),
  size: z.number(),
  /** Milliseconds. */
  mtime: z.number(),
  /** Hash of some of its content. */
  sample: z.string(),
});

const headSchema = z.object({
  kind: z.literal("job"),
  version: z.literal(1),
  argv: z.array(z.string()),
  /** The `-df_` flags, by their keys. */
  flags: z.record(z.string(), z.string()),
  cwd: z.string(),
  /** When the first run of it began, as ISO 8601. */
  began: z.string(),
  sources: z.array(sourceSchema),
  /** What ffmpeg says of its build. */
  ffmpeg: z.string(),
  /** Our own version, and the lengths of chunks. */
  settings: z.string(),
  /** For whom the chunks' lengths were made: for the same they come out the same again. */
  sharing: z.object({ slots: z.number(), alike: z.boolean() }),
});

const fileSchema = z.object({ file: z.string(), bytes: z.number(), sha256: z.string() });

const chunkSchema = z.object({
  kind: z.literal("chunk"),
  /** Hash of all that determines its bytes (chunk-key.ts). */
  key: z.string(),
  chunk: z.number(),
  rendition: z.number(),
  frames: z.number(),
  header: z.string(),
  sizes: z.array(z.number()),
  /** The chunk, or in a first pass its log and what lies beside that. */
  files: z.array(fileSchema).min(1),
});

const totalSchema = z.object({ kind: z.literal("total"), chunks: z.number(), frames: z.number() });

const recordSchema = z.discriminatedUnion("kind", [headSchema, chunkSchema, totalSchema]);

export type SourceFact = z.output<typeof sourceSchema>;
export type JournalHead = z.output<typeof headSchema>;
export type KeptFile = z.output<typeof fileSchema>;
export type KeptRecord = z.output<typeof chunkSchema>;
export type JournalRecord = z.output<typeof recordSchema>;

/** What a journal says: the last word on each matter. */
export interface Journal {
  readonly head: JournalHead;
  /** By their keys. */
  readonly chunks: ReadonlyMap<string, KeptRecord>;
  /** How many chunks and source frames there are in all, once that is known. */
  readonly total: { readonly chunks: number; readonly frames: number } | undefined;
}

/** The records of a journal's text. What is torn or no record is passed over. Pure. */
export function parseJournal(text: string): Journal | undefined {
  let head: JournalHead | undefined;
  let total: Journal["total"];
  const chunks = new Map<string, KeptRecord>();
  // Behind the last newline stands nothing, or what was being written when the power failed.
  for (const line of text.split("\n").slice(0, -1)) {
    const record = parseLine(line);
    if (record?.kind === "job") head ??= record;
    else if (record?.kind === "chunk") chunks.set(record.key, record);
    else if (record) total = record;
  }
  return head && { head, chunks, total };
}

function parseLine(line: string): JournalRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Reads a journal; undefined where there is none that says what job it is of. */
export async function readJournal(path: string): Promise<Journal | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  return parseJournal(text);
}

/** A journal that is written on. */
export class JournalWriter {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens a journal to add to it; a torn last line goes. Throws what the file system has to say. */
  static async open(path: string): Promise<JournalWriter> {
    const text = await readFile(path).catch(() => Buffer.alloc(0));
    const whole = text.lastIndexOf(10) + 1;
    if (whole < text.length) await truncate(path, whole);
    return new JournalWriter(await open(path, "a", 0o600));
  }

  /** Adds a record; it is on the disk when this settles. Throws what the file system has to say. */
  async add(record: JournalRecord): Promise<void> {
    await this.#file.write(`${JSON.stringify(record)}\n`);
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

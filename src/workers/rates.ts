import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, ok, type Result } from "../lib/result.js";
import { transferFailure } from "./failures.js";
import type { Session, TransportFailure } from "./transport.js";

/** How quick the line to a worker is. */
export interface LineRates {
  /** Milliseconds of one question and its answer on a connection that is up. */
  readonly roundTrip: number;
  /** Bytes a second. */
  readonly up: number;
  readonly down: number;
}

/** A first file, and the one that counts where the first took less than `QUICK` milliseconds: a slow line is not held up for long. */
const SIZES = [512 * 1024, 16 * 1024 * 1024] as const;
const QUICK = 400;

/** Questions for the round trip, of which the quickest counts: others may have been held up by the worker's own work. */
const QUESTIONS = 5;

/** Measures the line by files that cannot be compressed, and sees that they come back as they went. `folder`: of this machine. */
export async function measureLine(session: Session, folder: string): Promise<Result<LineRates, TransportFailure>> {
  let roundTrip = Number.POSITIVE_INFINITY;
  for (let i = 0; i < QUESTIONS; i++) {
    const began = performance.now();
    const asked = await session.remove("nothing");
    if (!asked.ok) return asked;
    roundTrip = Math.min(roundTrip, performance.now() - began);
  }
  let rates: LineRates = { roundTrip, up: 0, down: 0 };
  for (const size of SIZES) {
    const timed = await thereAndBack(session, folder, size);
    if (!timed.ok) return timed;
    const [up, down] = timed.value;
    rates = { roundTrip, up: (size * 1000) / up, down: (size * 1000) / down };
    if (up + down > QUICK) break;
  }
  return ok(rates);
}

/** Milliseconds up and down. */
async function thereAndBack(
  session: Session,
  folder: string,
  size: number,
): Promise<Result<readonly [number, number], TransportFailure>> {
  const [there, back] = [join(folder, "up"), join(folder, "down")];
  const bytes = randomBytes(size);
  await writeFile(there, bytes);
  const began = performance.now();
  const sent = await session.put(there, "measured");
  if (!sent.ok) return sent;
  const turned = performance.now();
  const fetched = await session.get("measured", back);
  const ended = performance.now();
  if (!fetched.ok) return fetched;
  await session.remove("measured");
  const hash = (data: Buffer): string => createHash("sha256").update(data).digest("hex");
  if (hash(await readFile(back)) !== hash(bytes)) {
    return fail(
      transferFailure("a file did not come back as it went", { fix: "ssh to the worker and look at its disk" }),
    );
  }
  return ok([turned - began, ended - turned]);
}

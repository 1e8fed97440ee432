import { randomBytes } from "node:crypto";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** Writes a text beside `file` and renames it, so that no reader meets a half. Pipes and devices are written to as they are. */
export async function writeWhole(
  file: string,
  text: string,
  what: string,
  flag: string,
): Promise<Result<void, Problem>> {
  const beside = `${file}.${randomBytes(12).toString("hex")}.part`;
  try {
    const there = await stat(file).catch(() => undefined);
    if (there !== undefined && !there.isFile()) {
      await writeFile(file, text);
    } else {
      await writeFile(beside, text, { flag: "wx" });
      await rename(beside, file);
    }
    return ok(undefined);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    const detail = error instanceof Error ? error.message : String(error);
    return fail({
      what: `${what} could not be written to ${file}`,
      detail,
      fix: `give ${flag} a file in a folder you can write to`,
    });
  }
}

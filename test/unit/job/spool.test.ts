import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";
import { Spool } from "../../../src/job/spool.js";

const folder = mkdtempSync(join(tmpdir(), "spool-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("standard input that is kept", () => {
  test("can be read before its file is there", async () => {
    const read = Array.from({ length: 200 }, (_, i) =>
      text(new Spool(join(folder, `${i}`), Readable.from([`film ${i}`])).read()),
    );
    expect(await Promise.all(read)).toEqual(read.map((_, i) => `film ${i}`));
  });

  test("a file that cannot be made is what every reader is told of", async () => {
    const path = join(folder, "no", "such", "folder");
    const spool = new Spool(path, Readable.from(["film"]));
    await expect(text(spool.read())).rejects.toThrow(`cannot be kept in ${path}`);
    expect(await spool.failed).toMatchObject({ fix: expect.stringContaining("-df_server_work_path") as string });
  });
});

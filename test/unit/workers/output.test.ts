import { describe, expect, test } from "vitest";
import { Output } from "../../../src/workers/output.js";

describe("Output", () => {
  test("keeps the last 40 lines of stderr and at most 4 MiB of stdout", () => {
    const output = new Output({});
    for (let line = 0; line < 100; line++) output.pushStderr(Buffer.from(`${line}\n`));
    for (let piece = 0; piece < 9; piece++) output.pushStdout(Buffer.alloc(512 * 1024, "x"));
    const end = output.finish({ code: 1, signal: undefined });
    expect(end.stderrTail).toHaveLength(40);
    expect(end.stderrTail[0]).toBe("60");
    expect(end.stdout.length).toBe(4 * 1024 * 1024);
  });

  test("with a callback, stdout comes as lines and is not kept", () => {
    const lines: string[] = [];
    const output = new Output({ onStdoutLine: (line) => lines.push(line) });
    output.pushStdout(Buffer.from("a\nb"));
    expect(output.finish({ code: 0, signal: undefined }).stdout).toBe("");
    expect(lines).toEqual(["a", "b"]);
  });
});

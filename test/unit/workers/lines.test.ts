import { describe, expect, test } from "vitest";
import { LineReader, Output } from "../../../src/workers/lines.js";

function linesOf(pieces: readonly (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const piece of pieces) reader.push(Buffer.from(piece));
  reader.end();
  return lines;
}

describe("LineReader", () => {
  test("puts lines together that the network took apart", () => {
    expect(linesOf(["fra", "me=1\nfps", "=2\n", "end"])).toEqual(["frame=1", "fps=2", "end"]);
  });

  test("takes a lone carriage return for the end of a line, CRLF for one end, also when cut apart", () => {
    expect(linesOf(["frame=1\rframe=2\r", "\nx\r", "y"])).toEqual(["frame=1", "frame=2", "x", "y"]);
  });

  test("does not break characters of several bytes", () => {
    const bytes = Buffer.from("é😀\n");
    expect(linesOf([bytes.subarray(0, 1), bytes.subarray(1, 4), bytes.subarray(4)])).toEqual(["é😀"]);
  });

  test("hands on an endless line in pieces", () => {
    const lines = linesOf(Array.from({ length: 5 }, () => "x".repeat(50_000)));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join("").length).toBe(250_000);
  });
});

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

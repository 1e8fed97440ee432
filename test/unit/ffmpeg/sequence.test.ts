import { describe, expect, it } from "vitest";
import { commandsIn } from "../../../src/ffmpeg/sequence.js";

const commands = (line: string): string[] => commandsIn(line.split(" ")).map((words) => words.join(" "));

describe("commandsIn", () => {
  it("parts a line at the bare word behind an output", () => {
    expect(commands("-i a -pass 1 -f null - ffmpeg -i a -pass 2 o.mkv")).toEqual([
      "-i a -pass 1 -f null -",
      "-i a -pass 2 o.mkv",
    ]);
    expect(commands("-i a 1.mkv && ffmpeg -i a 2.mkv ffmpeg -i a 3.mkv")).toEqual([
      "-i a 1.mkv",
      "-i a 2.mkv",
      "-i a 3.mkv",
    ]);
  });

  it.each([
    "-i a o.mkv",
    "-i ffmpeg o.mkv",
    "-i a -metadata title=x -metadata author ffmpeg o.mkv",
    "-i a -f matroska ffmpeg",
    "ffmpeg -i a o.mkv",
  ])("leaves one command alone: %s", (line) => expect(commands(line)).toEqual([line]));
});

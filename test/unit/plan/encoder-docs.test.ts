import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encoderTrait } from "../../../src/plan/encoders/index.js";
import { REFUSED } from "../../../src/plan/encoders/refused.js";
import { ENCODERS } from "../../../src/plan/encoders/table.js";
import type { EncoderTrait } from "../../../src/plan/encoders/types.js";

/** docs/encoders.md says what the tables say. */
const [, split = "", whole = ""] = readFileSync(new URL("../../../docs/encoders.md", import.meta.url), "utf8").split(
  /^## .*$/m,
);

/** The cells of a table's rows, without its head. */
function rows(part: string): string[][] {
  const lines = part.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const names = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? "");

function told(trait: EncoderTrait): string {
  if (trait.pinned) return "`-qmin` equal to `-qmax`";
  if (trait.quality.length === 0) return "anything";
  const spelled: Readonly<Record<string, string>> = { q: "-q:v", b: "-b:v" };
  const options = trait.quality.map((option) => `\`${spelled[option] ?? `-${option}`}\``);
  return [...(trait.byDefault === "quality" ? ["nothing"] : []), ...options].join(", ");
}

describe("docs/encoders.md", () => {
  test("names each encoder of the table once, with what it must be told and what it is like", () => {
    const written = rows(split).flatMap(([encoders = "", how = "", like = ""]) =>
      names(encoders).map((name) => [name, how, like.split(" ")[0]]),
    );
    const known = Object.entries(ENCODERS).map(([name, trait]) => [name, told(trait), trait.like]);
    expect(written.sort()).toEqual(known.sort());
  });

  test("says how chunks are made joinable", () => {
    for (const [encoders = "", , , how = ""] of rows(split)) {
      for (const name of names(encoders)) {
        const { joinable, headersInBand, timecode, refused, tag } = ENCODERS[name] ?? {};
        for (const word of [joinable, headersInBand, timecode, tag?.([])]) expect(how).toContain(word ?? "");
        if (refused) expect(how).toMatch(/\bnot with\b/);
      }
    }
  });

  test("says of encoders that run whole what the program says, and names all of its reasons", () => {
    const written = rows(whole).slice(0, -1);
    for (const [encoders = "", why] of written) {
      for (const name of names(encoders)) {
        const encoder = name.replace("…", "h264");
        expect(encoderTrait(encoder)).toEqual({ ok: false, failure: `encoder ${encoder} ${why}` });
      }
    }
    expect(written.map(([, why]) => why)).toEqual(REFUSED.map(([, why]) => why));
    expect(rows(whole).at(-1)?.[0]).toBe("any other");
  });
});

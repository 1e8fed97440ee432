import { describe, test } from "vitest";
import { type BothOptions, runBoth } from "./compare.js";
import type { SourceName, Sources } from "./sources.js";
import { isLeftOut } from "../thorough.js";

/** A command that is held against plain ffmpeg, and the route it must take. */
export interface Case extends Omit<BothOptions, "signal"> {
  /**
   * Split at blanks where it is a text. `{NAME}` is a film of `Sources`, `{f}` the folder it is in, where a test may have
   * made more.
   */
  readonly args: string | readonly string[];
  /** Why it runs whole; undefined for what must be split. */
  readonly whole?: RegExp;
}

/** Makes a test of every case of every group. */
export function holdCases(sources: Sources, groups: Readonly<Record<string, Readonly<Record<string, Case>>>>): void {
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, { concurrent: true, timeout: 600_000 }, () => {
      for (const [name, one] of Object.entries(cases)) {
        test.skipIf(isLeftOut(name))(name, async ({ expect, signal }) => {
          const { args, whole, stdin, ...options } = one;
          const given = typeof args === "string" ? args.split(" ") : [...args];
          const words = await Promise.all(given.map((word) => fill(sources, word)));
          const piped = stdin === undefined ? {} : { stdin: await fill(sources, stdin) };
          const { differences, summary } = await runBoth(words, { ...options, ...piped, signal });
          expect(differences, `${summary?.route}: ${summary?.reason}`).toEqual([]);
          expect(summary?.route, summary?.reason).toBe(whole ? "local" : "chunks");
          if (whole) expect(summary?.reason).toMatch(whole);
          else expect(summary?.chunks).toBeGreaterThanOrEqual(2);
        });
      }
    });
  }
}

/** Films and files in the place of their names in braces. */
async function fill(sources: Sources, word: string): Promise<string> {
  let filled = word.replaceAll("{f}", sources.folder);
  for (const [braces, name = ""] of filled.matchAll(/\{([\w.]+\.\w+)\}/g)) {
    filled = filled.replace(braces, await sources.get(name as SourceName));
  }
  return filled;
}

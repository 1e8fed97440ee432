import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { parseFiltergraph, printFilter } from "../../src/ffmpeg/filtergraph.js";
import { runLocal } from "../../src/ffmpeg/run.js";
import { sideUses, withPaths } from "../../src/plan/sides.js";

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-paths-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names that a file may have, made of what some level of a filter's text could take for its own. */
const name = fc
  .array(fc.constantFrom(..."'\\:,;[]=%@#| \t\n\"$ab.ü映é{}()".split("")), { minLength: 1, maxLength: 14 })
  .map((chars) => chars.join(""))
  .filter((text) => text !== "." && text !== "..");

test("a file's path in a filter is read by ffmpeg as it is, whatever is in it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(name, { minLength: 12, maxLength: 12 }), async (names) => {
      const filters = names.map((text, i) => {
        const path = join(folder, `${i}`, `x${text}`, `${text}.cube`);
        mkdirSync(join(path, ".."), { recursive: true });
        writeFileSync(path, "LUT_1D_SIZE 2\n0 0 0\n1 1 1\n");
        const parsed = parseFiltergraph("lut1d=file='placeholder.cube':interp=nearest");
        const use = parsed.ok ? parsed.value.chains[0]?.[0] : undefined;
        if (!use) throw new Error("no filter");
        expect(sideUses(use)).toEqual([{ kind: "plain", path: "placeholder.cube", at: 0 }]);
        return printFilter(withPaths(use, new Map([[0, path]])));
      });
      // ffmpeg does not start a graph of which one file is missing.
      const source = ["-f", "lavfi", "-i", "color=s=16x16,format=rgb24", "-frames:v", "1"];
      const run = await runLocal("ffmpeg", [
        "-v",
        "error",
        "-nostdin",
        ...source,
        "-vf",
        filters.join(","),
        "-f",
        "null",
        "-",
      ]);
      expect(run.stderrTail.join("\n")).toBe("");
      expect(run.code).toBe(0);
    }),
    { numRuns: 8 },
  );
});

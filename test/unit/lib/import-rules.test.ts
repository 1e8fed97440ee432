import { resolve } from "node:path";
import { Linter } from "eslint";
import { describe, expect, test } from "vitest";
import config from "../../../eslint.config.js";

const cwd = resolve(import.meta.dirname, "../../..");
const [plugins] = config.flatMap((part) => part.plugins?.local ?? []);

/** The rule's messages about a file of src/ that imports `source`. */
function messages(file: string, source: string, code = `import * as it from "${source}";`): string[] {
  const linter = new Linter({ cwd });
  const found = linter.verify(
    code,
    [{ files: ["**/*.ts"], plugins: { local: plugins ?? {} }, rules: { "local/stations": "error" } }],
    { filename: resolve(cwd, "src", file) },
  );
  return found.map((message) => message.message);
}

describe("import rules of the folders", () => {
  test.each([
    ["plan/route.ts", "../ffmpeg/parse.js"],
    ["plan/route.ts", "../lib/result.js"],
    ["plan/route.ts", "../config/types.js"],
    ["plan/route.ts", "./stages.js"],
    ["plan/route.ts", "node:path"],
    ["ffmpeg/parse.ts", "../lib/result.js"],
    ["ffmpeg/run.ts", "execa"],
    ["schedule/dispatcher.ts", "../workers/transport.js"],
    ["workers/ssh.ts", "node:fs"],
    ["job/job.ts", "../join/final.js"],
    ["ui/live.ts", "../job/events.js"],
    ["ui/live.ts", "../config/types.js"],
    ["commands/encode.ts", "../ui/live.js"],
    ["cli.ts", "./commands/encode.js"],
  ])("%s may import %s", (file, source) => {
    expect(messages(file, source)).toEqual([]);
  });

  test.each([
    ["plan/route.ts", "../workers/transport.js", "workers comes after plan"],
    ["plan/route.ts", "node:fs", "plan/ is pure"],
    ["plan/route.ts", "fs/promises", "plan/ is pure"],
    ["plan/route.ts", "node:child_process", "plan/ is pure"],
    ["plan/route.ts", "execa", "plan/ is pure"],
    ["lib/result.ts", "../ffmpeg/parse.js", "lib/ is the ground floor"],
    ["ffmpeg/run.ts", "../config/types.js", "ffmpeg/ is the ground floor"],
    ["schedule/dispatcher.ts", "../workers/ssh.js", "schedule/ sees only workers/transport"],
    ["schedule/dispatcher.ts", "../workers/ssh/session.js", "schedule/ sees only workers/transport"],
    ["job/job.ts", "../ui/live.js", "ui comes after job"],
    ["ui/live.ts", "../job/job.js", "ui/ imports only"],
    ["ui/live.ts", "../config/load.js", "ui/ imports only"],
    ["ui/live.ts", "../plan/route.js", "ui/ imports only"],
    ["ui/live.ts", "../cli.js", "ui/ imports only"],
    ["commands/encode.ts", "../cli.js", "cli comes after commands"],
    ["attic/old.ts", "../plan/route.js", "src/attic/ is no known station"],
    ["plan/route.ts", "../attic/old.js", "src/attic/ is no known station"],
    ["plan/route.ts", "../../test/lab/rig.js", "from outside src/"],
  ])("%s must not import %s", (file, source, why) => {
    expect(messages(file, source)).toEqual([expect.stringContaining(why)]);
  });

  test.each([
    'export * from "../ui/live.js";',
    'export { view } from "../ui/live.js";',
    'await import("../ui/live.js");',
  ])("%s counts as an import", (code) => {
    expect(messages("job/job.ts", "", code)).toHaveLength(1);
  });
});

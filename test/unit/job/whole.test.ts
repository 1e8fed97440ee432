import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { cliPath } from "../../equivalence/programs.js";

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-whole-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `runWhole` lets through of what a program writes, where these lines have been said. */
function told(script: string, said: readonly string[]): { readonly stderr: string; readonly status: number | null } {
  const program = join(folder, "program");
  writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const whole = new URL("./job/whole.js", `file://${cliPath()}`).href;
  const code = `const { runWhole } = await import(${JSON.stringify(whole)});
    process.exitCode = await runWhole(${JSON.stringify(program)}, [], { said: ${JSON.stringify(said)} });`;
  const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  return { stderr, status };
}

test("what was said already is not said once more, whatever the addresses in it; the rest is, byte for byte", () => {
  const script = `printf 'ffmpeg version 5\\n[x @ 0x1f] new\\nInput #0, é\\nInput #1\\nframe= 1 \\rframe= 2 \\rInput #0, é\\nend' >&2; exit 7`;
  const said = ["ffmpeg version 5", "[y @ 0x22] not this time", "Input #0, é"];
  expect(told(script, said)).toEqual({
    stderr: "[x @ 0x1f] new\nInput #1\nframe= 1 \rframe= 2 \rInput #0, é\nend",
    status: 7,
  });
  expect(told(`printf '[x @ 0xabc] old\\nnew\\n' >&2`, ["[x @ 0x123] old"])).toEqual({ stderr: "new\n", status: 0 });
});

test("a question is handed on before its line ends", () => {
  const script = `printf 'Input #0\\nOverwrite? [y/N] ' >&2; exit 1`;
  expect(told(script, ["Input #0", "Stream mapping:"])).toEqual({ stderr: "Overwrite? [y/N] ", status: 1 });
});

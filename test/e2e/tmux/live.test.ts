import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";

const there = spawnSync("tmux", ["-V"]).status === 0;
if (!there) console.warn("no tmux in PATH: the live view is not looked at (apt-get install tmux)");

describe.skipIf(!there)("the live view in a terminal", () => {
  let folder = "";
  const tmux = (...args: readonly string[]): string =>
    execFileSync("tmux", ["-S", join(folder, "socket"), ...args], { encoding: "utf8" });
  afterEach(() => {
    tmux("kill-server");
    rmSync(folder, { recursive: true, force: true });
  });

  function show(columns: number, variables: string): void {
    folder = mkdtempSync(join(tmpdir(), "tmux-"));
    const command = `trap : INT; env -u CI -u NO_COLOR LANG=C.UTF-8 ${variables} ${process.execPath} test/e2e/tmux/show.mjs; sleep 60`;
    tmux("new-session", "-d", "-x", String(columns), "-y", "20", command);
  }

  async function screen(until: RegExp, ...options: readonly string[]): Promise<string> {
    for (let tries = 0; tries < 100; tries += 1) {
      const text = tmux("capture-pane", "-p", ...options);
      if (until.test(text)) return text;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`never on the screen: ${until.source}\n${tmux("capture-pane", "-p")}`);
  }

  it("has one picture, a line for each slot, and gives the terminal back", async () => {
    show(100, "");
    const text = await screen(/^alpha 2 {2}encode 2 1\d%/m);
    expect(text.match(/Encoding/g)).toHaveLength(1);
    expect(text).toMatch(/^alpha 1 {2}encode 1 1\d% +20\.0 fps +\d+ frames {2}upload 4$/m);
    expect(text).toMatch(/^beta {5}upload 3$/m);
    expect(text).toContain("about 40.0 MiB in the end");
    tmux("send-keys", "C-c");
    expect(await screen(/given back/)).not.toMatch(/alpha|Encoding/);
  });

  it("is narrow in a narrow terminal, and without colours where none are wanted", async () => {
    show(40, "NO_COLOR=1");
    const text = await screen(/^alpha 2 {2}encode 2 \d+% +20\.0 fps$/m, "-e");
    expect(text).not.toContain("\u001b[3");
    expect(text).not.toMatch(/alpha.*frames/);
  });

  it("is drawn anew when the terminal becomes narrower or wider", async () => {
    show(100, "");
    await screen(/^alpha 2 {2}encode/m);
    for (const columns of [48, 100]) {
      tmux("resize-window", "-x", String(columns));
      const wide = columns === 100 ? /frames {2}upload 4$/m : /^alpha 2 {2}encode 2 \d+% +20\.0 fps/m;
      await screen(wide);
      // Another picture or two: what an earlier one has left stays for good.
      await new Promise((resolve) => setTimeout(resolve, 600));
      const text = await screen(wide);
      expect(text.match(/Encoding/g)).toHaveLength(1);
      expect(text.match(/^alpha 2/gm)).toHaveLength(1);
      expect(text.match(/^beta/gm)).toHaveLength(1);
    }
  });

  it.each(["TERM=dumb", "CI=true"])("writes plain lines with %s", async (variables) => {
    show(100, variables);
    const text = await screen(/frame= +\d+ fps/);
    expect(text).not.toContain("alpha 1");
  });
});

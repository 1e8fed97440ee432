import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SCRIPTS } from "../../src/commands/completion/scripts.js";
import { cliPath } from "../equivalence/programs.js";
import { ALL } from "../thorough.js";

/** What a shell makes of a line and a TAB, with the scripts that `distffmpeg completion` prints. */

let home = "";
beforeAll(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "completion-")));
  mkdirSync(join(home, "bin"));
  symlinkSync(cliPath(), join(home, "bin", "distffmpeg"));
  const workers = [{ host: "tower.local", name: "tower" }, { host: "attic" }, { host: "cellar", drained: true }];
  writeFileSync(join(home, "distffmpeg.json"), JSON.stringify({ workers }));
  for (const name of ["film.mkv", "fine.mkv"]) writeFileSync(join(home, name), "");
  for (const [shell, script] of Object.entries(SCRIPTS)) writeFileSync(join(home, shell), script);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const env = (): NodeJS.ProcessEnv => ({
  ...{ PATH: `${join(home, "bin")}:${process.env["PATH"]}`, HOME: home, XDG_CONFIG_HOME: home, LANG: "C.UTF-8" },
  ...{ TERM: "dumb", XDG_STATE_HOME: home },
});
const there = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;

/** The last line of what a program says that is given some text on standard input. */
function answer(program: string, args: readonly string[], input = ""): string[] {
  const { stdout, stderr } = spawnSync(program, args, { cwd: home, env: env(), input, encoding: "utf8" });
  const words = /<<([^]*)>>/.exec(stdout)?.[1];
  if (words === undefined) throw new Error(`${program} gave ${stdout} ${stderr}`);
  return words.split(/\s+/).filter((word) => word !== "");
}

/** Words as bash parts them at the breaks of readline (`=` and `:` are words of their own), and what its function finds. */
function inBash(line: string): string[] {
  const words: string[] = line.match(/[=:]+|[^\s=:]+/g) ?? [];
  if (/\s$/.test(line)) words.push("");
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const script = `source ./bash; compopt() { :; }; COMP_LINE='${line}' COMP_POINT=${line.length}
    COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1}; _distffmpeg; echo "<<\${COMPREPLY[*]}>>"`;
  return answer("bash", ["-c", script]);
}

describe("bash", () => {
  test.each([
    ["distffmpeg wor", ["workers"]],
    ["distffmpeg workers undr", ["undrain"]],
    ["distffmpeg workers drain ", ["tower", "attic", "cellar"]],
    ["distffmpeg workers add --acc", ["--accept-host-key"]],
    ["distffmpeg help tro", ["troubleshooting"]],
    ["distffmpeg completion ", ["bash", "zsh", "fish"]],
    ["distffmpeg -df_spl", ["-df_split="]],
    ["distffmpeg -i film.mkv -df_split=", ["keyframe", "scene"]],
    ["distffmpeg -i film.mkv -df_split=sc", ["scene"]],
    ["distffmpeg --df_workers=tower,a", ["tower,attic"]],
    ["distffmpeg -i fi", []],
    ["distffmpeg -c", []],
  ])("%s", (line, words) => expect(inBash(line)).toEqual(words));

  test("a configuration that cannot be used has no workers, and nothing is said", () => {
    writeFileSync(join(home, "config.json"), "{ broken");
    const ended = spawnSync(
      "distffmpeg",
      ["completion", "candidates", "--", "-df_config=config.json", "workers", "check", ""],
      {
        ...{ cwd: home, env: env(), encoding: "utf8" },
      },
    );
    expect(ended).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });
});

const tmux = spawnSync("tmux", ["-V"]).status === 0;

let sockets = 0;

/** A shell in a real terminal, typed into; what stands in the line then. */
async function typed(shell: string, setUp: string, keys: string): Promise<string> {
  // A server that is ended is there for a moment more: each has a socket of its own.
  const socket = join(home, `socket-${++sockets}`);
  const call = (...args: readonly string[]): string =>
    spawnSync("tmux", ["-S", socket, ...args], { cwd: home, env: env(), encoding: "utf8" }).stdout;
  const until = async (seen: RegExp): Promise<string> => {
    for (let tries = 0; tries < 150; tries += 1) {
      const text = call("capture-pane", "-p", "-J").trimEnd();
      if (seen.test(text)) return text;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`never on the screen: ${seen.source}\n${call("capture-pane", "-p")}`);
  };
  call("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "20", "-c", home, shell);
  try {
    call("send-keys", setUp, "Enter");
    await until(/^ready> ?$/m);
    call("send-keys", "-l", keys);
    // What is completed is a word behind which something can be typed.
    call("send-keys", "Tab");
    await until(/ready> .*(scene|tower|film\.mkv)/);
    return /ready> (.*)$/m.exec(call("capture-pane", "-p", "-J"))?.[1] ?? "";
  } finally {
    call("kill-server");
  }
}

describe.skipIf(!tmux)("TAB in a real terminal", () => {
  const bash = ["bash --norc -i", "source ./bash; PS1='ready> '; clear"] as const;
  test("bash: the value of a flag, a worker, a file", async () => {
    expect(await typed(...bash, "distffmpeg -df_split=sc")).toBe("distffmpeg -df_split=scene ");
    expect(await typed(...bash, "distffmpeg workers drain to")).toBe("distffmpeg workers drain tower ");
    expect(await typed(...bash, "distffmpeg -y -i fil")).toBe("distffmpeg -y -i film.mkv ");
  });

  test.skipIf(!ALL || !there("zsh"))("zsh", async () => {
    const zsh = ["zsh -f -i", "autoload -U compinit; compinit -u -D; source ./zsh; PS1='ready> '; clear"] as const;
    expect(await typed(...zsh, "distffmpeg -df_split=sc")).toBe("distffmpeg -df_split=scene ");
    expect(await typed(...zsh, "distffmpeg workers drain to")).toBe("distffmpeg workers drain tower ");
    expect(await typed(...zsh, "distffmpeg -y -i fil")).toBe("distffmpeg -y -i film.mkv ");
  });
});

test.skipIf(!there("fish"))("fish", () => {
  const asked = (line: string): string[] =>
    answer("fish", ["--no-config", "-c", `source ./fish; echo '<<'(complete -C '${line}' | string join ' ')'>>'`]);
  expect(asked("distffmpeg -df_split=")).toEqual(["-df_split=keyframe", "-df_split=scene"]);
  expect(asked("distffmpeg workers drain to")).toEqual(["tower"]);
  expect(asked("distffmpeg -y -i fil")).toEqual(["film.mkv"]);
});

import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { quote } from "../../../src/lib/shell.js";
import { withVariable } from "../../lab/processes.mjs";
import { janitor } from "../../../src/workers/janitor.js";
import { endOfStatus, FEEDER, UNHEARD, wrappedCommand, wrapper } from "../../../src/workers/wrapper.js";

const folder = mkdtempSync(join(tmpdir(), "wrapper-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

function start(
  shell: readonly string[],
  argv: readonly string[],
  script = wrapper(),
  mark = "",
): { child: ChildProcessWithoutNullStreams; end: Promise<End> } {
  const [file = "sh", ...args] = shell;
  const began = Date.now();
  const child = spawn(file, [...args, "-c", script, "sh", folder, "/dev/null", ...argv], {
    env: { ...process.env, WRAPPER_TEST: mark },
  });
  child.stdin.on("error", () => undefined);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const end = new Promise<End>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr, milliseconds: Date.now() - began }));
  });
  return { child, end };
}

const isAlive = (pid: number): boolean => {
  try {
    // A zombie still has a folder in /proc, but no command line.
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch {
    return false;
  }
};

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 50) {
    if (waited > 15_000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const SHELLS = [["sh"], ["dash"], ["busybox", "sh"], ["bash"]].filter(
  ([file = ""]) => existsSync(`/bin/${file}`) || existsSync(`/usr/bin/${file}`),
);

describe.concurrent.each(SHELLS)("the wrapper in %s %s", (...words) => {
  const shell = words.filter(Boolean);

  test("hands arguments on untouched, works in the folder, tells the status", async () => {
    const odd = ["a b", "", "$(id)", "it's", "\n", "*"];
    const { end } = start(shell, ["sh", "-c", 'pwd; printf "[%s]" "$@"; echo words >&2; exit 7', "sh", ...odd]);
    expect(await end).toMatchObject({
      code: 7,
      stdout: `${folder}\n${odd.map((word) => `[${word}]`).join("")}`,
      stderr: "words\n",
    });
  });

  test("gives the program an empty stdin", async () => {
    const { end } = start(shell, ["cat"]);
    expect(await end).toMatchObject({ code: 0, stdout: "" });
  });

  test("tells of a program that is not there, and of one that a signal ended", async () => {
    expect((await start(shell, ["no-such-program"]).end).code).toBe(127);
    expect(endOfStatus((await start(shell, ["sh", "-c", "kill -SEGV $$"]).end).code ?? 0).signal).toBe("SIGSEGV");
  });

  test("ends the program, and what a script started, when stdin ends", async () => {
    const { child, end } = start(shell, ["sh", "-c", "sleep 1000 & echo $!; echo $$; wait; echo never"]);
    const [inner = 0, outer = 0] = await new Promise<number[]>((resolve) => {
      let text = "";
      child.stdout.on("data", (data: Buffer) => {
        text += data.toString();
        if (/\n.*\n$/.test(text)) resolve(text.trim().split("\n").map(Number));
      });
    });
    expect(isAlive(inner) && isAlive(outer)).toBe(true);
    child.stdin.end();
    expect((await end).code).toBe(143);
    await until(() => !isAlive(inner) && !isAlive(outer));
  });

  test("ends the program when stdin stays open and brings no beats any more", async () => {
    // Five fifths of a second.
    const { child, end } = start(
      shell,
      ["sh", "-c", "sleep 1000 & echo $!; wait"],
      wrapper(0.2),
      `${folder} beats ${words.join(" ")}`,
    );
    let told = "";
    child.stdout.on("data", (data: Buffer) => (told += data.toString()));
    const beats = setInterval(() => child.stdin.write(".\n"), 50);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const inner = Number(told);
    expect(isAlive(inner)).toBe(true);
    expect(child.exitCode).toBeNull();
    clearInterval(beats);
    const { code, milliseconds } = await end;
    expect(code).toBe(UNHEARD);
    expect(milliseconds).toBeGreaterThan(2500);
    await until(() => !isAlive(inner) && withVariable(`WRAPPER_TEST=${folder} beats ${words.join(" ")}`).length === 0);
  });

  test("leaves nothing running, when the program ends by itself", async () => {
    const mark = `${folder} ends ${words.join(" ")}`;
    // Steps of the watch that outlast the test: what is left behind is seen, however long its own end takes to be seen.
    for (let i = 0; i < 20; i++) {
      const { child, end } = start(shell, ["sh", "-c", "exit 3"], wrapper(1000), mark);
      child.stdin.write(".\n");
      expect((await end).code).toBe(3);
    }
    const left = (): number[] => withVariable(`WRAPPER_TEST=${mark}`);
    try {
      await until(() => left().length === 0);
    } finally {
      for (const pid of left()) process.kill(pid, "SIGKILL");
    }
  });

  test("a feeder ends when the program's pipe is removed, though its own stdin stays open", async () => {
    const pipe = join(folder, `gone-${words.join("-")}`);
    execFileSync("mkfifo", [pipe]);
    const feeder = spawn(shell[0] ?? "sh", [...shell.slice(1), "-c", FEEDER, "sh", folder, pipe]);
    feeder.stdin.on("error", () => undefined);
    feeder.stdin.write("x");
    const ended = new Promise((resolve) => feeder.on("close", resolve));
    const reader = spawn(shell[0] ?? "sh", [...shell.slice(1), "-c", wrapper(), "sh", folder, pipe, "head", "-c", "1"]);
    await new Promise((resolve) => reader.on("close", resolve));
    expect(existsSync(pipe)).toBe(false);
    await ended;
  });

  test("the janitor removes the folder when stdin ends, and when beats stay out, and leaves nothing running", async () => {
    for (const way of ["end", "silence"]) {
      const doomed = mkdtempSync(join(folder, "with 'odd name "));
      const env = { ...process.env, WRAPPER_TEST: doomed };
      const child = spawn(shell[0] ?? "sh", [...shell.slice(1), "-c", janitor(0.2), "sh", doomed], { env });
      const beats = setInterval(() => child.stdin.write(".\n"), 50);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(existsSync(doomed)).toBe(true);
      clearInterval(beats);
      if (way === "end") child.stdin.end();
      await until(() => !existsSync(doomed) && withVariable(`WRAPPER_TEST=${doomed}`).length === 0);
    }
  });

  test("hands a signal on that a line on stdin names, and nothing else", async () => {
    const { child, end } = start(shell, [
      "sh",
      "-c",
      "trap 'echo caught; exit 9' TERM; echo up; while :; do sleep 0.1; done",
    ]);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdin.write("KILL\n-9\n$(id)\nTERM\n");
    expect(await end).toMatchObject({ code: 9, stdout: "up\ncaught\n" });
  });

  test("lets the program read a pipe that another command feeds, and lets no feeder wait for ever", async () => {
    const pipe = join(folder, `pipe-${words.join("-")}`);
    execFileSync("mkfifo", [pipe]);
    const program = (...argv: string[]): ChildProcessWithoutNullStreams =>
      spawn(shell[0] ?? "sh", [...shell.slice(1), "-c", wrapper(), "sh", folder, pipe, ...argv]);
    const reader = program("wc", "-c");
    let counted = "";
    reader.stdout.on("data", (data: Buffer) => (counted += data.toString()));
    const feeder = spawn("sh", ["-c", FEEDER, "sh", folder, pipe]);
    feeder.stdin.end("x".repeat(300_000));
    await new Promise((resolve) => reader.on("close", resolve));
    expect(counted.trim()).toBe("300000");
    const ignorant = program("true");
    const late = spawn("sh", ["-c", FEEDER, "sh", folder, pipe]);
    late.stdin.on("error", () => undefined);
    late.stdin.end("x");
    await Promise.all([ignorant, late].map((child) => new Promise((resolve) => child.on("close", resolve))));
  });

  test("ends a program whose shell dies at once", async () => {
    const { child } = start(shell, ["sh", "-c", "echo $$ && exec sleep 1001"]);
    let told = "";
    child.stdout.on("data", (data: Buffer) => (told += data.toString()));
    await until(() => told.includes("\n"));
    const pid = Number(told);
    expect(isAlive(pid)).toBe(true);
    child.kill("SIGKILL");
    child.stdin.destroy();
    await until(() => !isAlive(pid));
  });

  test("kills a program that does not care for TERM, after 5 s", { timeout: 20_000 }, async () => {
    const { child, end } = start(shell, ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"]);
    let told = "";
    child.stdout.on("data", (data: Buffer) => (told += data.toString()));
    await until(() => told.includes("deaf"));
    child.stdin.end();
    const { code, milliseconds } = await end;
    expect(endOfStatus(code ?? 0).signal).toBe("SIGKILL");
    expect(milliseconds).toBeGreaterThan(4500);
  });
});

test("the whole command passes a login shell", async () => {
  // Its stdin stays open, as that of a connection does.
  const child = spawn("sh", ["-c", wrappedCommand(folder, ["printf", "%s|", "a'b", "c\\d !", ""])]);
  let printed = "";
  child.stdout.on("data", (data: Buffer) => (printed += data.toString()));
  await new Promise((resolve) => child.on("close", resolve));
  expect(printed).toBe("a'b|c\\d !||");
  expect(wrapper()).not.toContain("\n");
});

test("the janitor's command passes a login shell", () => {
  const doomed = mkdtempSync(join(folder, "with 'odd name "));
  execFileSync("sh", ["-c", `exec sh -c ${quote(janitor())} sh ${quote(doomed)}`], { input: "" });
  expect(existsSync(doomed)).toBe(false);
  expect(janitor()).not.toContain("\n");
});

test("statuses above 128 are signals where there is one of that number", () => {
  expect(endOfStatus(0)).toEqual({ code: 0, signal: undefined });
  expect(endOfStatus(137)).toEqual({ code: undefined, signal: "SIGKILL" });
  expect(endOfStatus(255)).toEqual({ code: 255, signal: undefined });
  expect(endOfStatus(234)).toEqual({ code: 234, signal: undefined });
});

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { busiest } from "../../../src/workers/processor-time.js";

test("the busiest of what /proc says, whatever the processes are called", () => {
  const line = (name: string, user: number, system: number): string =>
    `4711 (${name}) R 1 4711 4711 0 -1 4194304 150 0 0 0 ${user} ${system} 900 900 20 0 1 0 888 2334720 204 1`;
  expect(busiest([line("sh", 1, 0), line("ffmpeg) 1 (x", 512, 34), ""].join("\n"))).toBe(5.46);
});

test("the busiest of what ps says, in POSIX' form and that of the BSDs", () => {
  expect(busiest("00:00:00 sh -c\n 01:02:03 ffmpeg -i a\n")).toBe(3723);
  expect(busiest("2-00:00:01 ffmpeg -i a\n")).toBe(172_801);
  expect(busiest("  12:05.25 ffmpeg -i 1-2:3\n")).toBe(725.25);
});

test("nothing of nothing", () => {
  expect(busiest("")).toBeUndefined();
  expect(busiest("grep: no such file")).toBeUndefined();
});

test.skipIf(!existsSync("/proc/self/stat"))("a process that works uses more and more", async () => {
  const child = spawn(process.execPath, ["-e", "for (;;) {}"], { stdio: "ignore" });
  try {
    const read = (): number => busiest(readFileSync(`/proc/${child.pid}/stat`, "utf8")) ?? -1;
    const begun = read();
    while (read() < begun + 0.3) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(read()).toBeGreaterThan(begun);
  } finally {
    child.kill("SIGKILL");
  }
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { faultTest, slow, waitFor } from "./rig.js";

const SLOW = { ffmpeg: { script: slow() } };

faultTest("ffmpeg killed", {
  short: true,
  lab: { workers: [SLOW, {}] },
  harm: async ({ ffmpegOn, w1 }) => {
    process.kill(await ffmpegOn(w1), "SIGKILL");
  },
  said: [/^distffmpeg: chunk \d+ failed on w1 .*was ended by SIGKILL/m],
  then: (_, summary) => expect(summary?.retries).toBe(1),
});

faultTest("sshd killed", {
  lab: { workers: [SLOW, {}] },
  harm: async ({ ffmpegOn, w1 }) => {
    await ffmpegOn(w1);
    await w1.kill();
  },
  said: [/^distffmpeg: worker w1 dropped: the connection was lost/m],
  then: (_, summary) => expect(summary?.workers.find(({ name }) => name === "w1")?.chunks).toBe(0),
});

faultTest("connection cut, and the only worker comes back", {
  short: true,
  lab: { workers: [SLOW] },
  harm: async ({ ffmpegOn, w1 }) => {
    await ffmpegOn(w1);
    w1.cut();
  },
  said: [
    /^distffmpeg: worker w1 dropped: the connection was lost/m,
    /^distffmpeg: no worker is left: waiting up to 120 s for one to come back$/m,
    /^distffmpeg: worker w1 is back$/m,
  ],
  then: (_, summary) => {
    expect(summary?.workers).toHaveLength(1);
    expect(summary?.workers[0]).toMatchObject({ name: "w1", frames: 192 });
  },
});

faultTest("sshd off for some seconds: tried again with growing pauses, and at work again", {
  lab: { workers: [SLOW, { ffmpeg: { script: waitFor('[ -e "$(dirname "$0")/../w1/back" ]') } }] },
  harm: async ({ ffmpegOn, hears, w1 }) => {
    await ffmpegOn(w1);
    await w1.stop();
    await new Promise((resolve) => setTimeout(resolve, 6000));
    await w1.start();
    await hears(/worker w1 is back/);
    // Until now the other has waited: there is work left for both.
    writeFileSync(join(w1.folder, "back"), "");
  },
  said: [/^distffmpeg: worker w1 dropped: the connection was lost/m, /^distffmpeg: worker w1 is back$/m],
  then: (_, summary) =>
    expect(summary?.workers.find(({ name }) => name === "w1")?.chunks, JSON.stringify(summary)).toBeGreaterThan(0),
});

faultTest("off at the start, up later", {
  short: true,
  // The one that is there from the start does nothing until the other has begun.
  lab: {
    workers: [
      { ffmpeg: { script: slow(0) } },
      { ffmpeg: { script: waitFor('ls "$(dirname "$0")/../w1" | grep -q "^pid-"') } },
    ],
  },
  config: async (lab) => {
    await lab.workers[0]?.stop();
    return {};
  },
  harm: async ({ hears, w1 }) => {
    await hears(/worker w1 dropped: .*is the SSH server running/);
    await w1.start();
  },
  said: [/^distffmpeg: worker w1 can be reached now$/m],
  then: (_, summary) => expect(summary?.workers.find(({ name }) => name === "w1")?.chunks).toBeGreaterThan(0),
});

faultTest("all workers lost: this machine stands in", {
  lab: { workers: [SLOW, SLOW] },
  config: () => ({ worker_timeout: 3 }),
  harm: async ({ ffmpegOn, w1, w2 }) => {
    await Promise.all([ffmpegOn(w1), ffmpegOn(w2)]);
    await Promise.all([w1.kill(), w2.kill()]);
  },
  said: [
    /^distffmpeg: no worker is left: waiting up to 3 s for one to come back$/m,
    /^distffmpeg: no worker is left: this machine encodes the chunks$/m,
  ],
});

faultTest("all workers lost, and fallback=fail", {
  lab: { workers: [SLOW] },
  config: () => ({ worker_timeout: 3, fallback: "fail" }),
  harm: async ({ ffmpegOn, w1 }) => {
    await ffmpegOn(w1);
    await w1.kill();
  },
  said: [/^distffmpeg: no worker is left: waiting up to 3 s/m, /^distffmpeg: no worker is left$/m],
  ends: { code: 1 },
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { commandOf, familyOf, isSshd } from "../lab/processes.mjs";
import { Proxy } from "../lab/proxy.js";
import { lives, until } from "../lab/sessions.js";
import { faultTest, slow } from "./rig.js";

const SLOW = { ffmpeg: { script: slow() } };
const SHORT = { worker_timeout: 4 };
/** At work for longer than a silent one is waited for: it would have done all, the silent one's chunk too, before that counts as lost. */
const BUSY = { ffmpeg: { script: slow(9, 0.5) } };

faultTest("ffmpeg frozen (SIGSTOP)", {
  lab: { workers: [SLOW, BUSY] },
  config: () => SHORT,
  harm: async ({ ffmpegOn, w1 }) => {
    process.kill(await ffmpegOn(w1), "SIGSTOP");
  },
  said: [/^distffmpeg: worker w1 dropped: its ffmpeg is frozen: no progress for 4 s/m],
});

faultTest("worker frozen, sshd and all, and awake again", {
  lab: { workers: [SLOW] },
  config: (lab) => ({
    ...SHORT,
    worker_timeout: 8,
    workers: lab.config().workers.map((w) => ({ ...w, connect_timeout: 2 })),
  }),
  harm: async ({ ffmpegOn, hears, w1 }) => {
    const pid = await ffmpegOn(w1);
    process.kill(pid, "SIGSTOP");
    w1.freeze();
    await hears(/worker w1 dropped/);
    // At least one attempt meets a machine that takes connections and says nothing.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    w1.resume();
    process.kill(pid, "SIGCONT");
  },
  said: [/^distffmpeg: worker w1 dropped: the connection was lost/m, /^distffmpeg: worker w1 is back$/m],
});

let proxy: Proxy | undefined;
let orphan = 0;
faultTest("network silent without closing", {
  lab: { workers: [{ ffmpeg: { script: slow(1, 0.01) } }, BUSY] },
  config: async (lab) => {
    const [w1, w2] = lab.workers;
    if (!w1 || !w2) throw new Error("no lab");
    const before = await Proxy.before(lab, w1);
    proxy = before.proxy;
    return { ...SHORT, workers: [before.config, w2.config] };
  },
  harm: async ({ ffmpegOn, w1 }) => {
    orphan = await ffmpegOn(w1);
    proxy?.silence();
  },
  said: [/^distffmpeg: worker w1 dropped: the connection was lost/m],
  // The worker's end of the connection is still up: it is for want of beats that all has ended there.
  then: () => expect(lives(orphan)).toBe(false),
  after: () => proxy?.close(),
});

faultTest("transfers stall, while the connection answers", {
  lab: { workers: [SLOW, BUSY] },
  config: () => SHORT,
  harm: async ({ ffmpegOn, hears, w1 }) => {
    await ffmpegOn(w1);
    const sftp = familyOf(w1.pid ?? 0).filter((pid) => isSshd(pid) && commandOf(pid).includes("internal-sftp"));
    expect(sftp.length).toBeGreaterThan(0);
    for (const pid of sftp) process.kill(pid, "SIGSTOP");
    await hears(/worker w1 dropped/);
    for (const pid of sftp) if (lives(pid)) process.kill(pid, "SIGCONT");
  },
  said: [/^distffmpeg: worker w1 dropped: cannot (copy|remove) .*: nothing has moved for 4 s/m],
});

faultTest("this machine suspended for longer than its workers wait", {
  lab: { workers: [{ ffmpeg: { script: slow(1, 0.02) } }] },
  harm: async ({ child, ffmpegOn, w1 }) => {
    const pid = await ffmpegOn(w1);
    process.kill(child.pid ?? 0, "SIGSTOP");
    for (let waited = 0; waited < 75 && lives(pid); waited++) await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(lives(pid), "ffmpeg has outlived its host").toBe(false);
    process.kill(child.pid ?? 0, "SIGCONT");
  },
  said: [
    /^distffmpeg: worker w1 dropped: it heard nothing of this machine for a while, and has ended its work/m,
    /^distffmpeg: worker w1 is back$/m,
  ],
});

// Not a fault, but much like one: who is at work is left alone.
faultTest("no fault: an encoder that shows nothing for long, and is at work", {
  lab: {
    workers: [
      {
        ffmpeg: {
          script:
            'd=$(dirname "$0"); if [ ! -e "$d/busy" ]; then : > "$d/busy"; end=$(($(date +%s)+10)); while [ "$(date +%s)" -lt $end ]; do :; done; : > "$d/done"; fi',
        },
      },
    ],
  },
  config: () => SHORT,
  harm: async ({ w1 }) => {
    await until(() => existsSync(join(w1.folder, "done")), 100);
  },
  said: [/^distffmpeg: split into chunks/m],
  then: (end, summary) => {
    expect(end.stderr).not.toMatch(/dropped|failed/);
    expect(summary).toMatchObject({ retries: 0, dropped: [] });
  },
});

let silenced: Proxy | undefined;
faultTest("network silent under a whole command on a worker", {
  // What cannot be split, and runs slowly there for as long as it is let.
  encode: "-map 0 -vf reverse -c:v libx264 -qp 0 -preset ultrafast -c:a copy".split(" "),
  lab: { workers: [{ ffmpeg: { script: slow(9, 0.02) } }] },
  config: async (lab) => {
    const [w1] = lab.workers;
    if (!w1) throw new Error("no lab");
    const before = await Proxy.before(lab, w1);
    silenced = before.proxy;
    return { ...SHORT, workers: [before.config] };
  },
  flags: ["-df_route=offload"],
  harm: async ({ ffmpegOn, w1 }) => {
    const pid = await ffmpegOn(w1, /ffmpeg .*-vf reverse/);
    silenced?.silence();
    await until(() => !lives(pid), 75);
  },
  said: [/no worker is left/],
  ends: { code: 1 },
  after: () => silenced?.close(),
});

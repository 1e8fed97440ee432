import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../lab/sessions.js";
import { faultTest, slow, textOf, waitFor } from "./rig.js";

/** The result, which the last argument names first, is changed by these shell words, where it is `$o`, after the encoding. */
function changed(words: string, times = 1): string {
  return [
    'd=$(dirname "$0"); n=$(ls "$d" | grep -c "^pid-"); : > "$d/pid-$$"',
    'for o; do :; done; o=${o#*]file:}; o=${o%%|*}; case $o in *.nut) ;; *) exec FFMPEG "$@";; esac',
    `if [ "$n" -lt ${times} ]; then FFMPEG "$@" || exit; ${words}; exit 0; fi`,
  ].join("; ");
}

const wait = async (): Promise<void> => undefined;

let disk = "";
faultTest("disk full on a worker", {
  lab: {
    workers: [{ ffmpeg: { script: slow(0) } }, { ffmpeg: { script: waitFor('[ -e "$(dirname "$0")/../w1/full" ]') } }],
  },
  config: (lab) => {
    disk = lab.workers[0]?.workPath ?? "";
    mkdirSync(disk);
    const size = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk];
    if (userInfo().uid !== 0 || spawnSync("mount", size).status !== 0)
      throw new Error("a small disk cannot be mounted");
    return {};
  },
  harm: async ({ hears, w1 }) => {
    await hears(/worker w1 dropped: set aside/);
    spawnSync("touch", [join(w1.folder, "full")]);
  },
  said: [/^distffmpeg: worker w1 dropped: set aside for this job after 3 failures in a row: /m],
  then: (_, summary) => {
    expect(readdirSync(disk)).toEqual([]);
    expect(summary?.dropped.map(({ name }) => name)).toEqual(["w1"]);
  },
  after: () => void spawnSync("umount", ["-l", disk]),
});

faultTest("work folder removed", {
  short: true,
  lab: { workers: [{ ffmpeg: { script: slow() } }] },
  harm: async ({ ffmpegOn, w1 }) => {
    await ffmpegOn(w1);
    rmSync(w1.workPath, { recursive: true });
  },
  said: [/^distffmpeg: worker w1 dropped: its work folder .* was removed/m, /^distffmpeg: worker w1 is back$/m],
});

faultTest("short bytes back", {
  lab: { workers: [{ ffmpeg: { script: changed('s=$(wc -c < "$o"); truncate -s $((s/2)) "$o"') } }, {}] },
  harm: wait,
  said: [/^distffmpeg: chunk \d+ failed on w1 .*its result was refused/m],
});

faultTest("nothing back", {
  lab: { workers: [{ ffmpeg: { script: changed('rm -f "$o"') } }, {}] },
  harm: wait,
  said: [/^distffmpeg: chunk \d+ failed on w1 .*cannot copy .* from the worker/m],
});

faultTest("damaged bytes back", {
  lab: {
    // A block of the disk that was lost: it takes the heads of several frames with it.
    workers: [{ ffmpeg: { script: changed('dd if=/dev/zero of="$o" bs=4096 seek=3 count=6 conv=notrunc') } }, {}],
  },
  harm: wait,
  said: [/^distffmpeg: chunk \d+ failed on w1 .*its result was refused/m],
});

faultTest("a bit changed inside a frame", {
  lab: {
    // The last bytes of the file are the last packet's.
    workers: [
      { ffmpeg: { script: changed('s=$(wc -c < "$o"); printf X | dd of="$o" bs=1 seek=$((s-9)) conv=notrunc') } },
      {},
    ],
  },
  harm: wait,
  said: [/^distffmpeg: chunk \d+ failed on w1 .*its result was refused: .*checksum/m],
});

faultTest("bytes of something else back", {
  lab: { workers: [{ ffmpeg: { script: changed('head -c 200000 /dev/urandom > "$o"') } }, {}] },
  harm: wait,
  said: [/^distffmpeg: chunk \d+ failed on w1 .*its result was refused/m],
});

faultTest("another chunk's bytes back", {
  lab: {
    workers: [
      {
        ffmpeg: {
          // The first result is kept, and given back in place of the second.
          script: changed('if [ -e "$d/kept" ]; then cp "$d/kept" "$o"; else cp "$o" "$d/kept"; fi', 2),
        },
      },
    ],
  },
  harm: wait,
  said: [/^distffmpeg: chunk \d+ failed on w1 .*its result was refused/m],
});

faultTest("another build of the encoder", {
  lab: {
    workers: [
      {},
      // Other headers: x264 codes with CABAC from its next preset on.
      { ffmpeg: { script: `${waitFor('[ -e "$(dirname "$0")/../w1/first" ]')}; set -- "$@"; ${preset("superfast")}` } },
    ].map((worker, i) => (i === 0 ? { ffmpeg: { script: firstDone() } } : worker)),
  },
  harm: wait,
  said: [/^distffmpeg: chunk \d+ failed on w2 .*its headers are not those of the other chunks/m],
});

/** Takes x264's preset for another one. */
function preset(other: string): string {
  return `n=$#; while [ $n -gt 0 ]; do a=$1; shift; [ "$a" = ultrafast ] && a=${other}; set -- "$@" "$a"; n=$((n-1)); done`;
}

/** Leaves a note when it begins its second work: its first result has been taken by then. */
function firstDone(): string {
  return 'd=$(dirname "$0"); [ -e "$d/begun" ] && [ ! -e "$d/first" ] && { : > "$d/first"; sleep 3; }; : > "$d/begun"';
}

faultTest("a worker that fails at all it does is set aside, which is said once", {
  lab: {
    workers: [
      { ffmpeg: { fails: true } },
      { ffmpeg: { script: waitFor('[ "$(wc -c < "$(dirname "$0")/../w1/failures")" -ge 3 ]') } },
    ],
  },
  harm: async ({ w1, hears }) => {
    await hears(/worker w1 dropped/);
    expect(textOf(join(w1.folder, "failures")).length).toBeGreaterThanOrEqual(3);
  },
  said: [
    /^distffmpeg: chunk \d+ failed on w1 .*the lab wants it so/m,
    /^distffmpeg: worker w1 dropped: set aside for this job after 3 failures in a row: ffmpeg ended with status 1$/m,
  ],
  then: (end, summary) => {
    expect(end.stderr.match(/worker w1 dropped/g)).toHaveLength(1);
    expect(summary?.workers.filter(({ chunks }) => chunks > 0).map(({ name }) => name)).toEqual(["w2"]);
  },
});

faultTest("the only worker fails at all it does: this machine stands in", {
  lab: { workers: [{ ffmpeg: { fails: true } }] },
  harm: wait,
  said: [
    /^distffmpeg: worker w1 dropped: set aside/m,
    /^distffmpeg: no worker is left: this machine encodes the chunks$/m,
  ],
});

const POISON = {
  ffmpeg: { script: 'case "$*" in *source3.nut*) echo "Error while encoding: too much" >&2; exit 1;; esac' },
};
faultTest("a chunk that fails everywhere ends the job, with ffmpeg's words", {
  lab: { workers: [POISON, POISON] },
  harm: wait,
  said: [
    /chunk 3 failed on w[12], and on every try before: ffmpeg ended with status 1/,
    /^ *Error while encoding: too much$/m,
  ],
  // Two have failed at it: it is the chunk, and no worker.
  then: (end) => expect(end.stderr).not.toMatch(/dropped/),
  ends: { code: 1 },
});

faultTest("Ctrl-C", {
  short: true,
  lab: { workers: [{ ffmpeg: { script: slow(9) } }, { ffmpeg: { script: slow(9) } }] },
  harm: async ({ child, ffmpegOn, w1, w2 }) => {
    await Promise.all([ffmpegOn(w1), ffmpegOn(w2)]);
    process.kill(-(child.pid ?? 0), "SIGINT");
  },
  said: [/stopped before the first chunk was complete/],
  ends: { code: 255 },
});

faultTest("Ctrl-C twice, the second at once", {
  lab: { workers: [{ ffmpeg: { script: slow(9) } }, { ffmpeg: { script: slow(9) } }] },
  harm: async ({ child, ended, ffmpegOn, w1, w2 }) => {
    const pids = await Promise.all([ffmpegOn(w1), ffmpegOn(w2)]);
    // Deaf to the first: the workers' ffmpeg is stopped, and takes five seconds to be killed.
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    process.kill(-(child.pid ?? 0), "SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(existsSync(`/proc/${child.pid}`)).toBe(true);
    process.kill(-(child.pid ?? 0), "SIGINT");
    await ended;
    await until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), 30);
  },
  said: [],
  ends: { code: 255 },
});

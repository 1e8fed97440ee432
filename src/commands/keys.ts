import { fstatSync, read, readFileSync } from "node:fs";
import { PassThrough, type Readable } from "node:stream";
import { isatty } from "node:tty";
import { LEVELS } from "../ffmpeg/loglevel.js";
import type { EventStream } from "../job/events.js";
import type { Hold } from "../job/hold.js";

/** ffmpeg's help for its keys, as far as they mean something while chunks are encoded (fftools/ffmpeg.c, 5.1). */
const HELP = [
  ...["key    function", "?      show this help"],
  ...["p      pause transcoding", "u      resume transcoding", "q      quit"],
];

/** ffmpeg's question for a command to a filter (fftools/ffmpeg.c check_keyboard_interaction). */
const ASKS_FOR_COMMAND = "Enter command: <target>|all <time>|-1 <command>[ <argument>]";

/** Milliseconds until standard input is looked at again where it has nothing to say at once. */
const LOOK_AGAIN = 50;

const CTRL_C = "\u0003";
const CTRL_Z = "\u001a";
const CTRL_BACKSLASH = "\u001c";

/** What keys can do. */
export interface KeyActions {
  readonly quit: () => void;
  readonly hold: Hold;
}

/**
 * Hears ffmpeg's keys on standard input, a terminal or a pipe, while chunks are encoded: `q` ends the job, `?` names the
 * keys, `p` and `u` have it wait and go on, as in the ffmpeg of some media servers; and so do `c` and the newline behind
 * it: ffmpeg waits for a filter's command then, up to 6.0, and servers make use of that. A list of files on standard input, as a shell's loop has it, is not eaten.
 */
export function listenToKeys(events: EventStream, { quit, hold }: KeyActions): { off(): void } {
  const say = (level: number, ...lines: string[]): void => {
    for (const text of lines) events.emit({ type: "words", level, text });
  };
  /** What has been typed of a filter's command; undefined while none is asked for. */
  let command: string | undefined;
  return hearKeys((key) => {
    if (command !== undefined) {
      if (key !== "\n" && key !== "\r") {
        command += key;
        return;
      }
      say(LEVELS.quiet, "");
      say(LEVELS.error, refuseCommand(command));
      command = undefined;
      hold.set(false);
    } else if (key === "c" || key === "C") {
      command = "";
      say(LEVELS.quiet, "", ASKS_FOR_COMMAND);
      hold.set(true);
    } else if (key === "p" || key === "u") {
      hold.set(key === "p");
    } else if (key === "q") {
      say(LEVELS.info, "", "", "[q] command received. Exiting.", "");
      quit();
    } else if (key === "?") {
      say(LEVELS.error, ...HELP);
    }
  });
}

/** The keys as they come, for an ffmpeg on another machine to hear; undefined where none can come. */
export function streamKeys(): { readonly stream: Readable; off(): void } | undefined {
  if (!isTalking()) return undefined;
  const stream = new PassThrough();
  const keys = hearKeys(
    (key) => void stream.write(key),
    () => void stream.end(),
  );
  return { stream, off: () => keys.off() };
}

/** Calls `onKey` for every key but those that are the terminal's own, which do what they always do. */
function hearKeys(onKey: (key: string) => void, onEnd: () => void = () => undefined): { off(): void } {
  if (!isTalking()) return { off: () => undefined };
  const { stdin } = process;
  const onData = (block: Buffer | string): void => {
    for (const key of block.toString()) press(key);
  };
  const press = (key: string): void => {
    if (key === CTRL_C) {
      process.kill(process.pid, "SIGINT");
    } else if (key === CTRL_BACKSLASH) {
      process.kill(process.pid, "SIGQUIT");
    } else if (key === CTRL_Z) {
      rawMode(false);
      process.once("SIGCONT", () => rawMode(true));
      process.kill(0, "SIGTSTP");
    } else {
      onKey(key);
    }
  };
  rawMode(true);
  stdin
    .on("data", onData)
    .on("end", onEnd)
    .on("error", () => undefined);
  // A key that may still come keeps no finished job alive.
  if ("unref" in stdin) stdin.unref();
  return {
    off: () => {
      stdin.off("data", onData).off("end", onEnd).pause();
      rawMode(false);
    },
  };
}

/** What ffmpeg says of a command that lacks something; those that lack nothing reach no filter of a chunk. */
function refuseCommand(command: string): string {
  const [, target, time, name] = /^([^ ]+)(?: +(-?[\d.]+)(?: +([^ ]+))?)?/.exec(command) ?? [];
  const given = [target, time, name].filter((word) => word !== undefined).length;
  if (given === 3) return "distffmpeg: commands to filters are not handed on while chunks are encoded";
  // C's sscanf says so of an empty string.
  const count = command === "" ? -1 : given;
  return `Parse error, at least 3 arguments were expected, only ${count} given in string '${command}'`;
}

/** A terminal gives each key at once, and Ctrl-C as a key like others. */
function rawMode(on: boolean): void {
  if (isatty(0)) process.stdin.setRawMode(on);
}

/** True when keys can come: from the terminal that we have in front, or through a pipe. */
function isTalking(): boolean {
  if (isatty(0)) return inForeground();
  try {
    const found = fstatSync(0);
    return found.isFIFO() || found.isSocket();
  } catch {
    return false;
  }
}

/** A program in the background that reads its terminal is stopped by it. Where this cannot be told, it is not tried. */
function inForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    // proc(5): behind the name in brackets come state, ppid, pgrp, session, tty_nr, tpgid.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return true;
  }
}

/**
 * ffmpeg's question whether to overwrite, answered on standard input, whatever that is (fftools/ffmpeg_opt.c
 * assert_file_overwrite, read_yesno). Not a byte is read beyond the answer's line: what follows are keys. No when `signal`
 * comes first.
 */
export async function mayOverwrite(path: string, signal: AbortSignal): Promise<boolean> {
  process.stderr.write(`File '${path}' already exists. Overwrite? [y/N] `);
  const stopped = new Promise<string>((resolve) => {
    signal.addEventListener("abort", () => resolve(""), { once: true });
  });
  let answer = "";
  while (!signal.aborted && !answer.endsWith("\n")) {
    const key = await Promise.race([readByte(), stopped]);
    if (key === "") break;
    answer += key;
  }
  return /^y/i.test(answer) && !signal.aborted;
}

/** One byte of standard input; "" at its end, or when it cannot be read. */
function readByte(): Promise<string> {
  const byte = Buffer.alloc(1);
  return new Promise((resolve) => {
    const look = (): void => {
      read(0, byte, 0, 1, null, (error, bytes) => {
        if (error?.code === "EAGAIN") setTimeout(look, LOOK_AGAIN);
        else resolve(error ? "" : byte.toString("latin1", 0, bytes));
      });
    };
    look();
  });
}

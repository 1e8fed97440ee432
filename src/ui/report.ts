import { closeSync, openSync, writeSync } from "node:fs";
import { LEVELS } from "../ffmpeg/loglevel.js";
import type { JobEvent } from "../job/events.js";
import { PlainView, type StatsOptions } from "./plain.js";
import type { Stats } from "./stats.js";
import type { JobStore } from "./store.js";

/** What `-report`, or the variable FFREPORT, asks for. */
export interface ReportOptions {
  /** FFREPORT's value (`file=NAME:level=N`), if it is set. */
  readonly setting: string | undefined;
  /** The command line, the program's name first. */
  readonly argv: readonly string[];
  readonly date: Date;
}

/** What the report's view is made with, and where ffmpeg says on standard error that there is one. */
export interface ReportSetting {
  readonly store: JobStore;
  readonly stats: Stats;
  readonly options: StatsOptions;
  readonly period: number;
  readonly announce: (lines: string) => void;
}

/**
 * ffmpeg's report of a job in chunks (fftools/opt_common.c init_report, 5.1): all that is said at its level, in a file.
 * Where ffmpeg itself runs, it writes one itself.
 */
export class Report {
  readonly #wish: ReportOptions;
  readonly #setting: ReportSetting;
  #fd: number | undefined;
  #view: PlainView | undefined;

  constructor(wish: ReportOptions, setting: ReportSetting) {
    this.#wish = wish;
    this.#setting = setting;
  }

  /** Takes note of an event that the store has taken in already; the first of a job in chunks begins the file. */
  readonly listen = (event: JobEvent): void => {
    if (event.type === "words" || (event.type === "route" && event.route === "chunks")) this.#view ??= this.#open();
    this.#view?.listen(event);
  };

  /** Ends the file. Safe to call twice. */
  stop(): void {
    this.#view?.stop();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): PlainView {
    const { store, stats, options, period, announce } = this.#setting;
    const { path, level, intro } = describeReport(this.#wish);
    this.#fd = openOrNot(path);
    this.#write(`${intro}Command line:\n${this.#wish.argv.map(quoted).join(" ")}\n`);
    announce(intro);
    return new PlainView(store, stats, (text) => this.#write(text), { ...options, loglevel: level }, period);
  }

  #write(text: string): void {
    try {
      if (this.#fd !== undefined) writeSync(this.#fd, text);
    } catch {
      // A full disk ends the report, not the job.
    }
  }
}

/** The report's file, its level (as LEVELS), and the lines that ffmpeg says of it. */
export function describeReport({ setting, date }: ReportOptions): { path: string; level: number; intro: string } {
  const values = readSetting(setting ?? "");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())];
  const time = date.toTimeString().slice(0, 8);
  const names: Readonly<Record<string, string>> = {
    ...{ p: "ffmpeg", t: `${day.join("")}-${time.replaceAll(":", "")}`, "%": "%" },
  };
  const path = (values.get("file") ?? "%p-%t.log").replace(/%(.)/g, (_, letter: string) => names[letter] ?? "");
  const level = /^\d+$/.test(values.get("level") ?? "") ? Number(values.get("level")) : LEVELS.debug;
  const lines = [`ffmpeg started on ${day.join("-")} at ${time}`, `Report written to "${path}"`, `Log level: ${level}`];
  return { path, level, intro: `${lines.join("\n")}\n` };
}

const two = (value: number): string => String(value).padStart(2, "0");

function openOrNot(path: string): number | undefined {
  try {
    return openSync(path, "w");
  } catch {
    return undefined;
  }
}

/** `key=value` parted by colons; a backslash protects what follows it. */
function readSetting(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [, key = "", value = ""] of text.matchAll(/([^=:]+)=((?:\\.|[^:\\])*)/g)) {
    values.set(key, value.replace(/\\(.)/g, "$1"));
  }
  return values;
}

/** fftools/cmdutils.c dump_argument. */
function quoted(word: string): string {
  if (word !== "" && /^[+\-./0-9:@A-Z_a-z]*$/.test(word)) return word;
  return `"${word.replace(/[\\"$`]/g, "\\$&")}"`;
}

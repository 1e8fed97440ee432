import { table } from "../lib/table.js";
import type { ScalarKey } from "./schema.js";

/*
 * What every setting is for: told once, here, for `-df_help`, `distffmpeg help`, the man page and docs/config.md. What may
 * be given is told by schema.ts. Links and backticks are those of the document; elsewhere they are taken out (`plainWords`).
 */

/** A setting in words. The first sentence says the most important, since lists show only that. */
export interface Meaning {
  /** The default as the document shows it; empty where there is none. */
  readonly usual: string;
  readonly says: string;
}

/** The settings that files, flags and variables have in common. */
export const SETTINGS: Readonly<Record<ScalarKey, Meaning>> = {
  ffmpeg_bin: { usual: "`ffmpeg`", says: "Name or path of ffmpeg on this machine." },
  ffprobe_bin: { usual: "`ffprobe`", says: "Name or path of ffprobe on this machine." },
  server_work_path: {
    usual: "`$XDG_STATE_HOME/distffmpeg/jobs`, or `~/.local/state/distffmpeg/jobs`",
    says: "Folder on this machine for the files of running jobs. Each job makes a private folder in it and removes it at the end. It needs about the room of the source's video stream, unless `scratch_limit` is set, and that of the encoded film; what is kept for a later run is there too.",
  },
  segment_frames: {
    usual: "`auto`",
    says: "Chunk length aimed at, in frames. `auto`: [planned](#chunk-lengths) by the film's length and the number of slots.",
  },
  keyint_min: { usual: "120", says: "Shortest chunk, in frames." },
  keyint_max: { usual: "600", says: "Longest chunk, in frames." },
  split: {
    usual: "`keyframe`",
    says: "Where chunks begin: at keyframes of the source, or at the likeliest [scene changes](#cuts-at-scene-changes).",
  },
  job_max_retries: {
    usual: "3",
    says: "How often one chunk is tried again after a failure, on workers it has not failed on first. A lost worker does not count.",
  },
  worker_timeout: {
    usual: "120",
    says: "Seconds without any progress after which a worker [counts as lost](reliability.md#who-counts-as-lost); and for how long the job waits for one to come back when none is left. Below 30 a loaded line or disk may be taken for a dead one.",
  },
  loglevel: {
    usual: "`info`",
    says: "How much distffmpeg says. ffmpeg's `-v`/`-loglevel` in the command goes before it.",
  },
  fallback: {
    usual: "`local`",
    says: "What is done when [no worker is left](reliability.md#when-none-is-left). `local` encodes the chunks on this machine, `fail` ends the job with status 1.",
  },
  local_slots: {
    usual: "`auto`",
    says: "How many chunks this machine encodes at a time. `auto`: [as fits it](#slots) when no workers are configured, none when there are.",
  },
  local_nice: {
    usual: "0",
    says: "How nicely this machine encodes chunks, as `nice -n` does. What runs whole here runs as plain ffmpeg does.",
  },
  route: {
    usual: "`auto`",
    says: "How commands are run. `auto` chooses; `chunks`, `offload` and `local` force [one way](offload.md#forcing-a-way), and where that is impossible end with an error.",
  },
  resume: {
    usual: "`auto`",
    says: "Whether finished chunks are kept for a later run. `auto`: they are kept until the output is in place, and the same command [goes on with them](reliability.md#host-faults-and-resume) after whatever stopped it. `never`: nothing is kept, and nothing that is kept is used; so it always is under the name `ffmpeg`.",
  },
  scratch_limit: {
    usual: "`none`",
    says: "How much room a job's chunks may take on this machine. Bytes, or a number with `K`, `M`, `G` or `T` (of 1024 each). The split waits until room has come; finished chunks that are only kept for a later run go first. [What it covers](reliability.md#how-much-room-a-job-takes).",
  },
};

/** What only flags say: what they take, what for, and whether a variable does the same. */
export const FLAGS_ONLY: Readonly<
  Record<string, { readonly takes: string; readonly says: string; readonly variable?: true }>
> = table({
  workers: {
    takes: "names or hosts of the workers to use, with commas between, or none",
    says: "Use only these workers. A host stands for all its entries; `none` uses none.",
    variable: true,
  },
  config: {
    takes: "a config file to read instead of the usual ones",
    says: "Read this file instead of the usual ones.",
    variable: true,
  },
  summary: {
    takes: "a file to write a summary of the job to, as JSON",
    says: "Write a [summary](#the-summary) of the job, as JSON.",
  },
  log: {
    takes: "a file to write every event of the job to, a line of JSON each",
    says: "Write every event of the job to a file, a line of JSON each. [log.md](log.md) has them all.",
  },
  report: {
    takes: "a file to write a report of the job to, as a page of HTML",
    says: "Write a [report](#the-report) of the job, a page of HTML.",
  },
  plan: {
    takes: "true or false: show the plan and do nothing",
    says: "Show the plan, on standard output, and do nothing. `-df_plan=false` switches it off again.",
  },
  help: { takes: "true or false: show these flags", says: "List these flags." },
});

/** What may be said of a worker. */
export const WORKER_SETTINGS: Readonly<Record<string, Meaning>> = {
  host: { usual: "", says: "A host name, an address, or a `Host` of `~/.ssh/config`." },
  name: {
    usual: "the host",
    says: "What it is called in messages and in `-df_workers=`. A second worker of the same name becomes `name-2`.",
  },
  user: { usual: "as `ssh` decides", says: "User name on the worker." },
  port: { usual: "as `ssh` decides", says: "The port of its SSH server." },
  identity_file: {
    usual: "as `ssh` decides",
    says: "A private key of this machine. It is tried before all others.",
  },
  connect_timeout: { usual: "20", says: "Seconds until the worker must have let us in." },
  work_path: {
    usual: "`/tmp/distffmpeg`, on Windows `AppData/Local/Temp/distffmpeg`",
    says: "Folder **on the worker** for the chunks it holds; made if missing. Relative, or with `~/`: from the user's home folder.",
  },
  ffmpeg_bin: { usual: "`ffmpeg`", says: "Name or path of ffmpeg **on the worker**." },
  platform: {
    usual: "`Linux`",
    says: "What it runs, in any case; `macOS`, `FreeBSD` and the like are understood. `Windows` is [experimental](#windows-workers); inside WSL a worker is `Linux`.",
  },
  slots: { usual: "`auto`", says: "How many chunks it encodes at a time. `auto`: [as fits it](#slots)." },
  numa: {
    usual: "`auto`",
    says: "Which NUMA node its ffmpeg is bound to. `auto`: where it has several nodes and `numactl`, each slot [is bound to one](#slots). `none`: nothing is bound. A number: all its ffmpeg is bound to that node by `numactl`, which must be installed there; one entry a node, and the names become `host/numa0`, `host/numa1`.",
  },
  nice: { usual: "0", says: "How nicely its ffmpeg works, by `nice -n`: for machines that somebody works at." },
  drained: {
    usual: "`false`",
    says: "`true`: it stays in the list, but takes no new jobs. When all are drained, it is as if there were none.",
  },
  shared_paths: {
    usual: "none",
    says: "[Folders that both see](offload.md#shared-storage). Whole commands and chunks are read and written there without copying.",
  },
  params: {
    usual: "",
    says: "Connection settings of the [older tool](#the-configuration-of-distrffmpeg): `port`, `timeout`, `identity_file` or `key_filename`. The keys above go before them.",
  },
};

/** Text of a document without its links and marks, for a terminal. */
export function plainWords(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replaceAll("**", "")
    .replaceAll("`", "");
}

/** The first sentence. */
export function firstSentence(text: string): string {
  return /^.*?[.:](?= |$)/.exec(text)?.[0].replace(/:$/, ".") ?? text;
}

import { firstSentence, FLAGS_ONLY, plainWords, SETTINGS } from "../../config/meanings.js";
import { allowedAt, type ScalarKey } from "../../config/schema.js";
import { table } from "../../lib/table.js";
import type { Block } from "../../ui/manual.js";
import { EXIT_STATUSES } from "./exit.js";

/** What `distffmpeg help TOPIC` tells: a line about it, and the text. */
export interface Topic {
  readonly about: string;
  readonly blocks: () => readonly Block[];
}

/** Flags of settings that a topic is about, each with what it is for. */
const fromSettings = (...keys: ScalarKey[]): Block => ({
  terms: keys.map(
    (key) => [`-df_${key}=`, `${firstSentence(plainWords(SETTINGS[key].says))} ${initial(key)}`] as const,
  ),
});

const initial = (key: ScalarKey): string => `(${allowedAt([key])}; default ${plainWords(SETTINGS[key].usual)})`;

/** Every topic, in the order in which help lists them. */
export const TOPICS: Readonly<Record<string, Topic>> = table({
  workers: {
    about: "Machines that encode",
    blocks: () => [
      "A worker needs an SSH server (with SFTP, as OpenSSH has it) and ffmpeg 5.1 or newer with the encoder that is asked for. Nothing else is installed there.",
      {
        commands: [
          "distffmpeg workers add encoder@tower.local            # tries it out, and saves it",
          "distffmpeg workers check                              # all of them: reachable, ffmpeg, encoders, speed",
          "distffmpeg workers edit tower --slots 4 --nice 10     # chunks at a time, and how nicely",
          "distffmpeg workers drain tower                        # takes no new jobs, until undrain",
          "distffmpeg -df_workers=tower,attic -i in.mkv …        # only these, this time",
          "distffmpeg -df_workers=none -i in.mkv …               # none: this machine alone",
        ],
      },
      "They are written to the configuration, which may be written by hand as well. ~/.ssh/config counts as it does for ssh: aliases, ports, keys, the agent, jump hosts. Passwords are never stored; a host key that is not known is refused in a job.",
      "With workers, this machine encodes nothing, unless `local_slots` gives it some.",
      fromSettings("local_slots", "local_nice", "worker_timeout", "fallback"),
    ],
  },
  routes: {
    about: "What is split, and what runs whole",
    blocks: () => [
      "A command is split into chunks where it is certain that the result is what plain ffmpeg would have written. Otherwise it runs whole: on a worker where it is expected to be done earlier, else as plain ffmpeg on this machine. One line says why:",
      { commands: ["distffmpeg: not split: filter reverse: needs the whole film at once"] },
      "Before, without running anything:",
      { commands: ["distffmpeg explain -i in.mkv -vf reverse -c:v libx264 out.mkv"] },
      "Split are films in local files (or on standard input) whose video is encoded by an encoder whose chunks are known to join, with filters that need not remember all that came before, into Matroska, WebM, MP4, MOV, MPEG-TS, AVI and others, into HLS and DASH, into several outputs at once. Sound and subtitles are done by ffmpeg on this machine, as ever.",
      fromSettings("route", "fallback"),
    ],
  },
  resume: {
    about: "Going on with a job that was stopped",
    blocks: () => [
      "Type the same command again in the same folder: finished chunks are kept until the output is in place, and it goes on with them, whatever stopped it. A changed source, command or ffmpeg starts anew, and it is said.",
      {
        commands: [
          "distffmpeg jobs                    # what can go on, and how far it is",
          "distffmpeg jobs resume 15eca026    # goes on with it, wherever you are",
          "distffmpeg jobs remove 15eca026    # gives it up",
          "distffmpeg clean                   # removes what killed jobs have left, here and on the workers",
        ],
      },
      "Commands that run whole cannot be resumed, nor those that read the film from standard input. Nothing is kept under the name ffmpeg.",
      fromSettings("resume", "scratch_limit", "server_work_path"),
    ],
  },
  chunks: {
    about: "How long chunks are, and where they begin",
    blocks: () => [
      "Chunks begin at keyframes of the source. How long each should be is planned from the film's length and the number of slots: a short one for every slot first, then long ones that get shorter towards the end. Short chunks spread better over many workers; long ones cost fewer extra keyframes and less copying.",
      fromSettings("segment_frames", "keyint_min", "keyint_max", "split", "job_max_retries"),
    ],
  },
  scenes: {
    about: "Chunks that begin at scene changes",
    blocks: () => [
      "With -df_split=scene the workers look for the frames that begin something new, and chunks begin there, where plain ffmpeg's encoder would most likely have set a keyframe too. It is worth that for sources with a keyframe every few seconds whatever is shown, as streaming has them; the source is decoded once more for it.",
      { commands: ["distffmpeg -df_split=scene -i stream.mp4 -c:v libsvtav1 -crf 35 out.mkv"] },
      "Keyframes decide all the same where the keyframes of the output are asked for (-g, -force_key_frames, HLS …) and in two passes; a line says so.",
    ],
  },
  slots: {
    about: "How many chunks a machine encodes at a time",
    blocks: () => [
      "By default as many as keep its processors busy with this encoder, and fit into 70 % of its free memory; 64 at most. On a machine of several NUMA nodes with numactl, slots are spread over the nodes.",
      {
        commands: [
          "distffmpeg workers edit tower --slots 4",
          "distffmpeg workers edit tower --slots default",
          "distffmpeg -df_local_slots=2 -i in.mkv …             # this machine takes part",
        ],
      },
      "--nice 10 leaves a machine to those who work at it.",
    ],
  },
  report: {
    about: "What a job did: live, and afterwards",
    blocks: () => [
      "On a terminal a live view shows the chunks, a line for each slot, the speed and what is left. Elsewhere standard error is ffmpeg's: banner, stat lines, last words. Files, once for a run:",
      { terms: ["report", "summary", "log"].map((key) => [`-df_${key}=FILE`, FLAGS_ONLY[key]?.takes ?? ""] as const) },
      {
        commands: ["distffmpeg -df_report=job.html -i in.mkv -c:v libx264 -crf 20 out.mkv"],
      },
    ],
  },
  keys: {
    about: "Keys and signals while a job runs",
    blocks: () => [
      {
        terms: [
          ["q, Ctrl-C, SIGTERM", "ends the job in order: what is finished from the start becomes the output"],
          ["Ctrl-C twice", "ends it at once; finished chunks are kept"],
          ["p", "begins no further chunks, until u (or c, as media servers send it)"],
          ["?", "lists the keys"],
        ],
      },
    ],
  },
  settings: {
    about: "Where settings come from",
    blocks: () => [
      "The first place that sets a key wins: a flag (-df_KEY=VALUE), a variable (DISTFFMPEG_KEY), distffmpeg.json in the current folder, ~/.config/distffmpeg/config.json, the default.",
      {
        commands: [
          "distffmpeg config show      # every setting, and where its value comes from",
          "distffmpeg config check     # whether the configuration can be used",
          "distffmpeg -df_help         # all settings as flags",
        ],
      },
    ],
  },
  files: {
    about: "Files that are read and written",
    blocks: () => [
      {
        terms: [
          ["./distffmpeg.json", "the settings of a project, in its folder"],
          ["~/.config/distffmpeg/config.json", "the user's settings (under $XDG_CONFIG_HOME where that is set)"],
          ["~/.config/distrffmpeg/config.json", "DistrFFmpeg's, read where neither of these is there"],
          [
            "~/.local/state/distffmpeg/jobs",
            "files of running jobs, and what is kept for a later run ($XDG_STATE_HOME)",
          ],
          ["~/.cache/distffmpeg", "what ffmpeg can do, here and on workers, for a day ($XDG_CACHE_HOME)"],
          ["~/.ssh/config, known_hosts", "as ssh reads them"],
          ["/tmp/distffmpeg", "on a worker: a private folder for each job, removed at its end (`work_path`)"],
        ],
      },
      "An output is written beside its place under a hidden name, and renamed when it is proven.",
    ],
  },
  environment: {
    about: "Environment variables",
    blocks: () => [
      {
        terms: [
          ["DISTFFMPEG_KEY", "a setting, in capitals: DISTFFMPEG_KEYINT_MIN=300"],
          ["DISTFFMPEG_WORKERS", FLAGS_ONLY["workers"]?.takes ?? ""],
          ["DISTFFMPEG_CONFIG", FLAGS_ONLY["config"]?.takes ?? ""],
          ["DISTFFMPEG_SSH_CONFIG", "a file for ssh -F, instead of the usual one"],
          ["SSH_AUTH_SOCK", "the agent that holds the keys"],
          ["NO_COLOR, FORCE_COLOR, TERM, CI", "whether colours and the live view are used"],
          ["XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME, TMPDIR", "where files are (distffmpeg help files)"],
          ["FFREPORT", "ffmpeg's"],
        ],
      },
    ],
  },
  exit: {
    about: "Exit status",
    blocks: () => [
      { terms: EXIT_STATUSES },
      "A command that runs whole ends with ffmpeg's own status. Standard output carries data only; all else goes to standard error.",
    ],
  },
  dropin: {
    about: "In place of ffmpeg",
    blocks: () => [
      "A program that starts ffmpeg can be given distffmpeg without knowing it: link it under that name into a folder that stands before the real one's in the program's PATH.",
      {
        commands: [
          "mkdir -p ~/farm/bin",
          'ln -s "$(command -v distffmpeg)" ~/farm/bin/ffmpeg',
          'ln -s "$(command -v distffmpeg)" ~/farm/bin/ffprobe',
          "PATH=~/farm/bin:$PATH some-program",
        ],
      },
      "Under that name every command line is ffmpeg's, help included. The real one is the next on the PATH, or `ffmpeg_bin`.",
    ],
  },
  troubleshooting: {
    about: "When something does not work",
    blocks: () => [
      {
        commands: [
          "distffmpeg doctor                          # this machine, the configuration and every worker",
          "distffmpeg workers check                   # can they be reached, and what have they",
          "distffmpeg workers bench                   # how fast is each",
          "distffmpeg config show                     # which settings hold, and where they come from",
          "distffmpeg explain -i in.mkv … out.mkv     # why is this not split",
          "distffmpeg -df_loglevel=verbose -i …       # what is done, step by step",
          "distffmpeg -df_log=job.ndjson -i …         # every event, for a look afterwards",
        ],
      },
      "An error says what failed, where, why, and on its last line what to type next. docs/troubleshooting.md of the package goes through them one by one.",
      {
        terms: [
          ["host key not known", "run the ssh-keyscan of the message, or distffmpeg workers add, which asks"],
          ["login refused", "ssh-copy-id USER@HOST; a key with a passphrase must be in the agent (ssh-add)"],
          ["not split", "no fault: the reason is in the line; distffmpeg help routes"],
          ["a worker is lost again and again", "its network or its sleep: distffmpeg workers drain NAME"],
          ["no room", "server_work_path on another disk, or -df_scratch_limit=20G; distffmpeg clean"],
        ],
      },
    ],
  },
});

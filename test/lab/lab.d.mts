/** What is wrong with a worker's ffmpeg, or holds it back; several at once are possible. */
export interface FfmpegKind {
  /** Says it is this version. */
  readonly version?: string;
  /** Encoders it neither lists nor takes. */
  readonly lacks?: readonly string[];
  /** Fails at all work (`true`), or at the first so many commands. */
  readonly fails?: true | number;
  /** Waits so many seconds before each piece of work. */
  readonly delay?: number;
  /** Bound to these processors (taskset -c). */
  readonly cpus?: string;
  /** Shell lines before the real one is started; FFMPEG stands for its quoted path. */
  readonly script?: string;
}

export interface LabWorkerOptions {
  /** "w1", "w2" … by default. */
  readonly name?: string;
  readonly slots?: number | "auto";
  readonly numa?: number | "none";
  readonly nice?: number;
  readonly ffmpeg?: FfmpegKind;
  /** More lines for its sshd_config, before the lab's own, which they overrule; from the first Match block on behind them. */
  readonly sshd?: readonly string[];
}

export interface LabOptions {
  /** How many, or one entry for each; 2 by default. */
  readonly workers?: number | readonly LabWorkerOptions[];
  /** Where the lab's folder is made; the system's temporary folder by default. */
  readonly folder?: string;
  /** The real ffmpeg; the one of PATH by default. */
  readonly ffmpeg?: string;
}

/** An entry of "workers" in a configuration file. */
export interface LabWorkerConfig {
  readonly name: string;
  readonly host: string;
  readonly user: string;
  readonly port: number;
  readonly identity_file: string;
  readonly work_path: string;
  readonly ffmpeg_bin: string;
  readonly platform: "Linux" | "Darwin";
  readonly slots: number | "auto";
  readonly numa?: number | "none";
  readonly nice?: number;
}

export interface LabWorker {
  readonly name: string;
  readonly port: number;
  readonly folder: string;
  readonly workPath: string;
  readonly ffmpegBin: string;
  /** Private host key; the public one beside it as .pub. */
  readonly hostKey: string;
  readonly authorizedKeys: string;
  /** sshd's log. */
  readonly log: string;
  readonly config: LabWorkerConfig;
  /** Pid of the listening sshd, undefined while it is off. */
  readonly pid: number | undefined;
  sshdPids(): number[];
  knownHostsLine(): string;
  /** Another host key, from the next start on. */
  changeHostKey(): void;
  start(): Promise<void>;
  /** Off in good order; connections end too. */
  stop(): Promise<void>;
  /** Kills every sshd of this worker, not the programs that were started through it. */
  kill(): Promise<void>;
  /** Ends the connections that are up; new ones are taken. */
  cut(signal?: NodeJS.Signals): void;
  /** Stops answering without closing anything, until `resume`. */
  freeze(): void;
  resume(): void;
  note(text: string): void;
}

export interface Lab {
  readonly folder: string;
  /** A home folder with .ssh/known_hosts, .ssh/config and the client's key. */
  readonly home: string;
  readonly identity: string;
  readonly knownHosts: string;
  readonly workers: readonly LabWorker[];
  /** To be laid over process.env for programs that shall see the lab only. */
  readonly env: Readonly<Record<string, string>>;
  /** The content of a configuration file, `extra` laid over the lab's own settings. */
  config(extra?: Readonly<Record<string, unknown>>): Record<string, unknown> & { readonly workers: LabWorkerConfig[] };
  /** Programs that run on the workers now (shells and sshd's helpers included), by /proc. */
  programs(): { readonly pid: number; readonly command: string }[];
  /** Ends everything and removes the folder. */
  close(): Promise<void>;
}

/** Starts real SSH servers on loopback ports; without root. Throws with sshd's own words when one does not start. */
export function startLab(options?: LabOptions): Promise<Lab>;

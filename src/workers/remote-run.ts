import type { Readable } from "node:stream";
import type { ClientChannel } from "ssh2";
import type { Patience } from "../lib/patience.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { Launch } from "./dialect.js";
import { cancelledFailure, messageOf, transferFailure } from "./failures.js";
import { startBeat } from "./heartbeat.js";
import { Output } from "./output.js";
import type { Link } from "./link.js";
import { shellLaunch } from "./posix.js";
import type { LiveOptions, ProcessEnd, RunOptions, TransportFailure } from "./transport.js";
import { FrameReader } from "./windows/frames.js";
import { endOfStatus, feederCommand, KILL_AFTER_SECONDS, UNHEARD, wrappedCommand } from "./wrapper.js";

/** How long the far shell has for TERM, KILL and its answer, milliseconds, before the channel is given up. */
const END_WITHIN = KILL_AFTER_SECONDS * 1000 + 5000;

/**
 * Runs a program on the worker, tied to this connection (as `Dialect.launch` has it). Resolves when it has ended there, also after an abort,
 * so that the slot is free indeed; a lost connection resolves at once. "transfer" when it could not be started.
 */
export function runRemote(
  link: Link,
  launch: Launch,
  options: RunOptions,
): Promise<Result<ProcessEnd, TransportFailure>> {
  return startRun(link, launch, options, undefined);
}

/**
 * The same for a program that speaks with the user. `pipe`: a named pipe in the folder, there already, through which it
 * is given `live.stdin`; it reads nothing without one.
 */
export function runRemoteLive(
  link: Link,
  folder: string,
  argv: readonly string[],
  live: LiveOptions & { readonly pipe: string | undefined },
): Promise<Result<ProcessEnd, TransportFailure>> {
  const { pipe, stdin } = live;
  const feed = pipe === undefined || !stdin ? undefined : { command: feederCommand(folder, pipe), stdin };
  const launch = shellLaunch(wrappedCommand(folder, argv, feed && pipe));
  if (!launch.ok) return Promise.resolve(fail(transferFailure(`${link.worker}: ${launch.failure}`)));
  return startRun(link, launch.value, live.signal ? { signal: live.signal } : {}, { ...live, feed });
}

/** What a run that speaks with the user has beside: what goes through its pipe, and the command that puts it there. */
interface Live extends LiveOptions {
  readonly feed: { readonly command: string; readonly stdin: Readable } | undefined;
}

function startRun(
  link: Link,
  launch: Launch,
  options: RunOptions,
  live: Live | undefined,
): Promise<Result<ProcessEnd, TransportFailure>> {
  return new Promise((resolve) => new RemoteRun(link, launch, options, live, resolve).start());
}

class RemoteRun {
  readonly #live: Live | undefined;
  #feeder: ClientChannel | undefined;
  readonly #link: Link;
  readonly #launch: Launch;
  readonly #output: Output;
  readonly #frames: FrameReader | undefined;
  readonly #resolve: (result: Result<ProcessEnd, TransportFailure>) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.#end();
  #channel: ClientChannel | undefined;
  #unwatch: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #starting: Patience | undefined;
  #stopBeat: () => void = () => undefined;
  #settled = false;

  constructor(
    link: Link,
    launch: Launch,
    options: RunOptions,
    live: Live | undefined,
    resolve: (result: Result<ProcessEnd, TransportFailure>) => void,
  ) {
    this.#link = link;
    this.#live = live;
    this.#launch = launch;
    this.#output = new Output(options);
    this.#frames = launch.isFramed ? new FrameReader(this.#output) : undefined;
    this.#resolve = resolve;
    this.#signal = options.signal;
  }

  start(): void {
    if (this.#signal?.aborted) {
      this.#settle(fail(cancelledFailure(this.#link.worker)));
      return;
    }
    this.#unwatch = this.#link.onLost((failure) => this.#settle(fail(failure)));
    if (this.#settled) return;
    this.#signal?.addEventListener("abort", this.#abort, { once: true });
    this.#starting = this.#link.awaits("no program is started");
    try {
      this.#link.client.exec(this.#launch.command, (error, channel) =>
        error ? this.#refused(error) : this.#started(channel),
      );
    } catch (error) {
      this.#refused(error);
    }
  }

  #refused(error: unknown): void {
    this.#settle(
      fail(
        this.#link.lost ??
          transferFailure(`${this.#link.worker}: the SSH server starts no program`, {
            detail: messageOf(error),
            fix: "look for MaxSessions and ForceCommand in /etc/ssh/sshd_config on the worker",
          }),
      ),
    );
  }

  #started(channel: ClientChannel): void {
    this.#starting?.end();
    this.#channel = channel;
    channel.on("error", () => undefined);
    // Settled while the server still was opening the channel: nobody wants the program any more.
    if (this.#settled) {
      channel.on("data", () => undefined);
      channel.stderr.on("data", () => undefined);
      channel.end();
      return;
    }
    if (this.#launch.words !== undefined) channel.write(this.#launch.words);
    this.#stopBeat = startBeat(channel);
    const live = this.#live;
    if (live) {
      // A slow reader here holds the program up there, through the channel's window.
      channel.pipe(live.stdout, { end: false });
      channel.stderr.pipe(live.stderr, { end: false });
      if (live.feed) this.#feed(live.feed);
    } else {
      const taker = this.#frames;
      channel.on("data", (data: Buffer) => (taker ? taker.push(data) : this.#output.pushStdout(data)));
      channel.stderr.on("data", (data: Buffer) => this.#output.pushStderr(data));
    }
    channel.on("close", (code: number | null | undefined, signal: string | undefined) => this.#closed(code, signal));
    if (this.#signal?.aborted) this.#end();
    else {
      live?.onStarted?.((name) => {
        if (channel.writable) channel.write(`${name}\n`);
      });
    }
  }

  /** Puts what the program is to read into its pipe, on a channel of its own: this one's stdin is what keeps it alive. */
  #feed({ command, stdin }: NonNullable<Live["feed"]>): void {
    this.#link.client.exec(command, (error, feeder) => {
      // Without it the program would wait for ever.
      if (error) {
        this.#end();
        return;
      }
      this.#feeder = feeder;
      feeder.on("error", () => undefined).resume();
      feeder.stderr.resume();
      if (this.#settled) feeder.end();
      else {
        // Cut off, it would look like all there is.
        stdin.once("error", () => this.#end());
        stdin.pipe(feeder);
      }
    });
  }

  /** Ends the program by closing its stdin, which the wrapper watches. */
  #end(): void {
    this.#stopBeat();
    this.#channel?.end();
    // Also while the channel is not open yet: the server may never open it.
    this.#timer ??= setTimeout(() => {
      this.#channel?.close();
      this.#settle(fail(cancelledFailure(this.#link.worker)));
    }, END_WITHIN);
  }

  #closed(status: number | null | undefined, signal: string | undefined): void {
    const code = this.#frames?.status ?? status;
    if (this.#link.lost) this.#settle(fail(this.#link.lost));
    else if (this.#signal?.aborted) this.#settle(fail(cancelledFailure(this.#link.worker)));
    // This machine was suspended, or the network silent for less than the connection bears: watchers there have cleaned up.
    else if (code === UNHEARD)
      this.#link.giveUp("it heard nothing of this machine for a while, and has ended its work");
    else if (this.#frames) this.#settle(this.#framedEnd(this.#frames));
    else if (typeof code === "number") this.#settle(ok(this.#output.finish(endOfStatus(code))));
    else if (signal !== undefined) this.#settle(ok(this.#output.finish({ code: undefined, signal })));
    else this.#settle(fail(transferFailure(`${this.#link.worker}: the SSH server did not say how the program ended`)));
  }

  #framedEnd({ status, noise }: FrameReader): Result<ProcessEnd, TransportFailure> {
    if (status !== undefined) return ok(this.#output.finish({ code: status, signal: undefined }));
    const { stderrTail } = this.#output.finish({ code: undefined, signal: undefined });
    return fail(
      transferFailure(`${this.#link.worker}: PowerShell did not run the program`, {
        detail: [noise.trim(), ...stderrTail].filter((line) => line !== "").join("\n"),
        fix: "ssh to the worker and try: powershell.exe -NoProfile -Command 1   # is it Windows (platform)?",
      }),
    );
  }

  #settle(result: Result<ProcessEnd, TransportFailure>): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#unwatch();
    this.#starting?.end();
    this.#stopBeat();
    clearTimeout(this.#timer);
    if (this.#feeder) {
      this.#live?.stdin?.unpipe(this.#feeder);
      this.#feeder.end();
    }
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#resolve(result);
  }
}

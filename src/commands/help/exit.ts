/** Every exit status, and what it means: for help, the man page and docs/cli.md. */
export const EXIT_STATUSES: readonly (readonly [status: string, says: string])[] = [
  ["0", "done, or ended by the key `q`"],
  ["1", "failed, as ffmpeg says it; of a subcommand: what it was asked for could not be done"],
  ["2", "a subcommand was given something that it does not know"],
  ["3", "the configuration, a `-df_` flag or a `DISTFFMPEG_` variable cannot be used; nothing was started"],
  ["127", "ffmpeg itself cannot be started"],
  ["255", "stopped by a signal (Ctrl-C, SIGTERM, SIGHUP), as ffmpeg says it"],
];

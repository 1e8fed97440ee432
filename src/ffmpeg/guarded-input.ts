/**
 * Inputs whose bytes another machine has made, in part or whole. What a file is ffmpeg finds out by its content, and
 * some of its demuxers open whatever a text names: other files (concat, image2), addresses (HLS, DASH, SDP). So such a
 * file is read by none but these, and through no protocol but the one it comes by (libavformat/demux.c
 * avformat_open_input and libavformat/avio.c ffurl_open_whitelist; 5.1 and 7.1).
 */

/** Demuxers that read the one file they are given, of all containers that a film is joined into (plan/muxers.ts). */
const CONTAINERS = [
  ...["matroska", "webm", "mov", "mp4", "mpegts", "avi", "flv", "live_flv", "nut", "asf", "ogg", "mxf", "gxf", "wtv"],
  ...["swf", "dv", "ivf"],
  // A film without a container; one picture of Motion JPEG may be taken for a picture's file.
  ...["h264", "hevc", "av1", "obu", "mpegvideo", "m4v", "mjpeg", "jpeg_pipe"],
].join(",");

/** A NUT file on the machine that runs the command, by its path there with `file:` before it. */
export function nutInput(url: string): string[] {
  return ["-protocol_whitelist", "file", "-f", "nut", "-i", url];
}

/** A NUT stream through a descriptor. */
export function nutPipe(descriptor: number): string[] {
  return ["-protocol_whitelist", "pipe", "-f", "nut", "-i", `pipe:${descriptor}`];
}

/** A written film, by its path; undefined: its bytes on standard input. */
export function filmInput(path: string | undefined): string[] {
  const [protocol, url] = path === undefined ? ["pipe", "pipe:0"] : ["file", `file:${path}`];
  return ["-protocol_whitelist", protocol, "-format_whitelist", CONTAINERS, "-i", url];
}

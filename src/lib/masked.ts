/** What stands in place of a secret. */
export const MASK = "***";

/** Options of ffmpeg whose value is a secret or holds one (libavformat: http, hls, mov, crypto, srt, icecast, rtmp, srtp). */
const SECRET_OPTION =
  /^--?(?:(?:.*_)?(?:password|passphrase|secret|token|key|iv|passwd)|headers|cookies|auth|srtp_(?:in|out)_params|rtmp_conn|rtmp_playpath)(?::.*)?$/i;

/** `scheme://user:password@`; the authority ends as libavformat/utils.c av_url_split ends it. */
const USER = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#:@]*):[^\s/?#]*@/gi;

/** A field of a query, or an option inside of a word (`hls_enc_key=...:`), that is named like a secret. */
const FIELD =
  /((?:^|[?&:|[,\s])[\w.-]{0,60}(?:password|passphrase|passwd|secret|token|signature|credential|(?<![a-z0-9])(?:key|sig|auth|iv))=)[^&:|\],\s"']+/gi;

/** The last part of a stream's path is what a broadcaster is known by. */
const STREAM_KEY = /(rtmp[a-z]*:\/\/[^\s/]+\/(?:[^\s/]+\/)+)[^\s/]+/gi;

/** A text without the passwords and keys of the addresses in it. */
export function maskText(text: string): string {
  return text.replace(USER, `$1:${MASK}@`).replace(FIELD, `$1${MASK}`).replace(STREAM_KEY, `$1${MASK}`);
}

/** The words of a command line without passwords and keys: those in addresses, and the values of options that take one. */
export function maskWords(words: readonly string[]): string[] {
  return words.map((word, i) => (SECRET_OPTION.test(words[i - 1] ?? "") ? MASK : maskText(word)));
}

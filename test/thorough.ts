/** `DISTFFMPEG_TEST_ALL=1 npm test` tries every row of the long tables, which takes half an hour; else the usual ones. */
export const ALL = process.env["DISTFFMPEG_TEST_ALL"] === "1";

/** Rows that are much like another one, here or in a table of its own, one a line; by the names of their tests. */
const ALIKE = new Set(
  `
MPEG-2 in VOB
two films in one, one of them at another rate
sound and nothing beside the film
HLS that removes what is behind
DASH with two films
turned by a quarter
-ss and -t on the output
subtitles of the film itself
a variable rate, into MP4
a variable rate, kept
FFV1 in Matroska
ProRes in MOV
MJPEG in AVI
H.264 with open GOPs
VP9 in WebM
times that no rate fits
picture later than sound, into MP4
HDR colours, into MP4
colours in the container
x264 into TS
x264 into FLV
x264 by -crf
FFVHuff into NUT
-pix_fmt
MJPEG into MOV
lossless VP9 into WebM
SVT-AV1 into WebM
x265 by -crf
MPEG-4 into AVI
-f, whatever the name
crop, scale
fade by time
format, setsar
hue by time
a filter that looks back
a filter that changes the rate
-s
-r lower
-fps_mode cfr
-fps_mode vfr
-vsync, the old name of it
-ss before -i, open GOPs
-ss and -t before -i
-ss and -to before -i
-to on the output
-t, of a transport stream
-frames:v with sound
-itsoffset
-ss far behind the end
by language
the sound first
the streams that ffmpeg picks
-an -sn
all but some
-map_metadata -1
-disposition
everything copied
no film there
from and to back\\slash [1] * ?
from and to 100% of %03d %s
from a name with a format sign
from and to Überraschung – 映画
sound from a second file
-c:v libx264 -preset veryfast -b:v 300k -maxrate 400k -bufsize 300k
to file:with:colons.mkv
to a folder below
from a pipe, Matroska
one picture
one frame
an option that is none
an output without a container
the film second, cut, as ffmpeg picks the streams
subtitles from a second file
the film from a pipe, second
sound from a pipe
a cover in the film's own file
a LUT
a LUT in the current folder, twice
a LUT from a picture
a logo to be removed
a logo from a second on
a picture in a chain
one chain without labels
two graphs
neighbours and a rate
a rate
twice the rate
a constant rate, into AVI
a variable rate made constant, higher
a variable rate made constant, beside a graph of sound
turned by a quarter with a logo
-muxdelay, -muxpreload
-copyts, to a time of the source's own
-sseof with -copyts
-sseof before the film's head
-seek_timestamp
setpts, from its first frame on
-stream_loop of the sound
-stream_loop 0
JPEG by a pattern, to another rate
a list of films, with their sound
a list of HEVC with open GOPs
H.264 that is sought in the middle
a part of a film that begins late
MPEG-2 in MXF
libx264, forced, twice the rate
libx264, forced by an expression
libx264 with filters that look around
libvpx, evenly
libvpx-vp9 of a fixed GOP
mpeg4, forced
HLS with its segments elsewhere
HLS of one file with a master playlist
segments at times
graphs of their own
the film twice in one file
-c:v libx265 -preset ultrafast -x265-params log-level=error
-c:v libvpx-vp9 -deadline realtime -cpu-used 8
-c:v mpeg4
the same from the middle on, in fragments of MP4
a contact sheet
a ladder in files
AV1 and Opus for the web
subtitles burnt in from the film itself
films one after another, encoded
how near is the copy?
the sound alone
hashes of the frames
which encoders has it?
an upload made fit for a web site
archive: the film in HEVC, all else as it is
a recording off the air, deinterlaced
a logo in the corner
a poster
twice as fast, with the sound
drawbox, enabled for a while
-movflags +faststart
-metadata
sound filtered
-fps_mode cfr at the film's own rate
-r higher
subtitles into MP4
MPEG-4 in AVI
picture later than sound
gaps, with B-frames
from ./-x.mp4 to ./-y.mkv
HLS under a base, the first segment short
HLS of fragments elsewhere, the last in its playlist
two playlists, each an output of its own
DASH with playlists beside it, by the name alone
segments of Matroska from zero
parts of different length
a ladder in one file
keyframes at certain places in both
a tee beside a film
two films, one copied
a cover, encoded
tags and chapters of the second
MPEG-2 from the middle
H.264 in AVI
-c:v libx264 -preset veryfast
-c:v mpeg2video -b:v 800k -maxrate 1200k -bufsize 1000k -g 12
filtered
seeking
encodedOutputs
screenshotAt
outStream
fromStream
missing
killedAtWork
frames left out
frames repeated
a filter that leaves frames out itself
two outputs
one output that is not split
many files
a logo again and again
two films
sound later than picture
twice the rate, with sound in the graph
one chain
a LUT with an odd name
a variable rate made constant, with a logo
interlaced MPEG-2
HDR colours, 10 bit, SAR
all streams, all copied but the film
-frames:v
HLS with a fixed GOP
HLS cut by time
DASH that keeps the last segments
DASH in one file each, the sound first
HLS encrypted
HLS that goes on with a playlist
HLS of fragments
variants of fragments, the sound apart
HLS where the encoder sets keyframes by the pictures
constant and variable rate
a tee without headers for all
two films and their sound
a logo in one of them, sound by a graph
pictures beside a film
a film that cannot be split and one that can
-c:v libx265 -preset ultrafast -crf 18 -maxrate 400k -bufsize 500k -x265-params log-level=error
-c:v libx264 -preset veryfast -crf 16 -maxrate 400k -bufsize 400k
libx264, on one line
-output_ts_offset
-copyts, a late start at a constant rate
-copyts, a film from second 37
-shortest of a film alone
-shortest with sound
-sseof
two logos and a LUT, picture and sound
a logo that moves, from and to a time
sound in a graph, the film beside it
a cover, copied
the film second
a text
a cover that an option of the film's is meant for too
silence made up
a cover in the film's own file, into MP4
a single GOP
HEVC with open GOPs
-fps_mode passthrough
libx264 over a long GOP of the source
libx264 with forced ones between
h264-opengop-recovery-points
MPEG-4 with B-frames in AVI
H.264 from the middle
film, sound, subtitles, font
killedGently
`
    .split("\n")
    .filter((name) => name !== ""),
);

/** Whether a row is left to the thorough run. */
export const isLeftOut = (name: string): boolean => !ALL && ALIKE.has(name);

/**
 * Filters that make each frame of one input frame and its time. Every one that runs
 * without a device was compared over seams with the plain filter on ffmpeg 5.1.9, with
 * different numbers of threads (test/equivalence/filter-proof.test.ts does it again
 * with the ffmpeg it finds). Those with a condition to them are in conditional.ts.
 */
import { parseExpression } from "../../ffmpeg/expression.js";
import { FRAME, frame, isOneOf, provided, whole, words, type Definition } from "./define.js";
import { judgeDrawtext } from "./drawtext.js";

/** No option of these changes anything. */
const PLAIN = words(`
  alphaextract avgblur bilateral bitplanenoise cas chromahold chromanr chromashift ciescope codecview colorbalance
  colorchannelmixer colorcontrast colorhold colorize colorkey colorlevels colormatrix colortemperature convolution
  copy datascope dblur deband deflate despill dilation edgedetect entropy epx erosion exposure field
  fieldorder fillborders floodfill format gblur gradfun grayworld hflip histogram hqx hsvhold hsvkey huesaturation
  il inflate kirsch lenscorrection limiter lumakey maskfun median monochrome negate nlmeans noformat null owdenoise
  pixdesctest pixelize pixscope prewitt removegrain rgbashift roberts sab scharr selectivecolor setfield setparams
  setrange shear showpalette shuffleplanes smartblur sobel stereo3d super2xsai swapuv tonemap transpose unsharp v360
  vaguedenoiser vflip vibrance xbr yaepblur
`);

/** Options are expressions, or files, or both; in an expression anything that counts makes it whole. */
const SCANNED: readonly [string, Definition][] = [
  ["addroi", frame({ options: "x y w h qoffset clear", expressions: "x y w h" })],
  [
    "boxblur",
    frame({
      options: "luma_radius/lr luma_power/lp chroma_radius/cr chroma_power/cp alpha_radius/ar alpha_power/ap",
      expressions: "luma_radius chroma_radius alpha_radius",
    }),
  ],
  // In a command of several outputs, each is made as if it were the only one (plan/graph-slices.ts).
  [
    "split",
    { options: "outputs", judge: (o) => (isOneOf(o.get("outputs"), "1") ? FRAME : whole("has several outputs")) },
  ],
  [
    "drawgrid",
    frame({ options: "x y width/w height/h color/c thickness/t replace", expressions: "x y width height thickness" }),
  ],
  [
    "eq",
    frame({
      options: "contrast brightness saturation gamma gamma_r gamma_g gamma_b gamma_weight eval",
      expressions: "contrast brightness saturation gamma gamma_r gamma_g gamma_b gamma_weight",
    }),
  ],
  [
    "fftfilt",
    frame({ options: "dc_Y dc_U dc_V weight_Y weight_U weight_V eval", expressions: "weight_Y weight_U weight_V" }),
  ],
  [
    "geq",
    frame({
      options: "lum_expr/lum cb_expr/cb cr_expr/cr alpha_expr/a red_expr/r green_expr/g blue_expr/b interpolation/i",
      expressions: "lum_expr cb_expr cr_expr alpha_expr red_expr green_expr blue_expr",
    }),
  ],
  ["hue", frame({ options: "h s H b", expressions: "h s H b" })],
  ...["lut", "lutyuv", "lutrgb"].map((name): [string, Definition] => [
    name,
    frame({ options: "c0 c1 c2 c3 y u v r g b a", expressions: "*" }),
  ]),
  ["lut1d", frame({ options: "file interp", files: "file" })],
  ["lut3d", frame({ options: "file clut interp", files: "file" })],
  ["pad", frame({ options: "width/w height/h x y color eval aspect", expressions: "width height x y" })],
  [
    "perspective",
    frame({
      options: "x0 y0 x1 y1 x2 y2 x3 y3 interpolation sense eval",
      expressions: "x0 y0 x1 y1 x2 y2 x3 y3",
    }),
  ],
  ["qp", frame({ options: "qp", expressions: "qp" })],
  ["removelogo", frame({ options: "filename/f", files: "filename" })],
  ["setdar", frame({ options: "dar/ratio/r max", expressions: "dar" })],
  ["setsar", frame({ options: "sar/ratio/r max", expressions: "sar" })],
  ["swaprect", frame({ options: "w h x1 y1 x2 y2", expressions: "*" })],
];

/** What setpts may go by: they are the same in a chunk, or can be told to it (libavfilter/setpts.c). */
const TIMES = new Set(["PTS", "STARTPTS", "TB"]);

/** Kinds that hang on an option. */
const JUDGED: readonly [string, Definition][] = [
  [
    "colorcorrect",
    {
      options: "rl bl rh bh saturation analyze",
      judge: (o) =>
        isOneOf(o.get("analyze"), undefined, "manual", "average", "median", "0", "1", "3")
          ? FRAME
          : provided(["same-filter-threads"], "analyzes by slices, one a thread", FRAME),
    },
  ],
  [
    "colorspace",
    {
      options: "all space range primaries trc format fast dither wpadapt iall ispace irange iprimaries itrc",
      judge: (o) =>
        isOneOf(o.get("dither"), undefined, "none", "0")
          ? FRAME
          : // The slices share the lines of errors that Floyd-Steinberg hands down: seen to differ from run to run.
            whole("does not dither in the same way in each run"),
    },
  ],
  // x and y may speak of each other and of themselves: then the frame before is meant (vf_crop.c, filter_frame()).
  [
    "crop",
    { options: "out_w/w out_h/h x y keep_aspect exact", expressions: "out_w out_h x/x,y y/x,y", judge: () => FRAME },
  ],
  [
    "curves",
    {
      options: "preset master/m red/r green/g blue/b all psfile plot interp",
      files: "psfile",
      judge: (o) => (o.has("plot") ? whole("writes a file") : FRAME),
    },
  ],
  ["delogo", { options: "x y w h show", expressions: "x/x,y,w,h y/x,y,w,h w/x,y,w,h h/x,y,w,h", judge: () => FRAME }],
  [
    "drawbox",
    {
      options: "x y width/w height/h color/c thickness/t replace box_source",
      expressions: "x y width height thickness",
      judge: (o) => (o.has("box_source") ? whole("draws what a detector left") : FRAME),
    },
  ],
  [
    "drawtext",
    {
      options: `fontfile text textfile fontcolor fontcolor_expr boxcolor bordercolor shadowcolor box boxborderw
        line_spacing fontsize x y shadowx shadowy borderw tabsize basetime font expansion timecode tc24hmax
        timecode_rate r/rate reload alpha fix_bounds start_number text_source text_shaping ft_load_flags
        text_align boxw boxh y_align`,
      expressions: "fontsize x/x,y y/y alpha",
      files: "fontfile textfile",
      judge: judgeDrawtext,
    },
  ],
  [
    "fade",
    {
      options: "type/t start_frame/s nb_frames/n alpha start_time/st duration/d color/c",
      judge: (o) =>
        // Without a duration in seconds it counts frames, 25 of them if not told (vf_fade.c).
        /[1-9]/.test(o.get("duration") ?? "") && /^0*$/.test(o.get("start_frame") ?? "")
          ? FRAME
          : whole("counts frames unless it has a duration in seconds and no start_frame"),
    },
  ],
  // The quantisers of the decoder, where they are exported at all, are kept from frame to frame for B-frames.
  ...["spp", "fspp", "pp7"].map((name): [string, Definition] => [
    name,
    {
      options:
        name === "pp7"
          ? "qp mode"
          : name === "spp"
            ? "quality qp mode use_bframe_qp"
            : "quality qp strength use_bframe_qp",
      judge: (o) =>
        /^[1-9]\d*$/.test(o.get("qp") ?? "") ? FRAME : whole("takes quantisers from the decoder unless qp is set"),
    },
  ]),
  [
    "guided",
    {
      options: "radius eps mode sub guidance planes",
      judge: (o) => (isOneOf(o.get("guidance"), undefined, "off", "0") ? FRAME : whole("takes several inputs")),
    },
  ],
  [
    "histeq",
    {
      options: "strength intensity antibanding",
      judge: (o) =>
        isOneOf(o.get("antibanding"), undefined, "none", "0") ? FRAME : whole("draws random numbers on and on"),
    },
  ],
  [
    "metadata",
    {
      options: "mode key value function expr file direct",
      judge: (o) =>
        isOneOf(o.get("mode"), "add", "modify", "delete", "1", "2", "3") ? FRAME : whole("selects or prints frames"),
    },
  ],
  [
    "noise",
    {
      options: `all_seed all_strength/alls all_flags/allf c0_seed c0_strength/c0s c0_flags/c0f c1_seed c1_strength/c1s
        c1_flags/c1f c2_seed c2_strength/c2s c2_flags/c2f c3_seed c3_strength/c3s c3_flags/c3f`,
      // The seed is 123457 if not given (vf_noise.c), and without t the pattern is the same in every frame. "a" adds
      // up what frames (and, in no certain order, threads) left before.
      judge: (o) =>
        ["all", "c0", "c1", "c2", "c3"].every((c) => /^[pu+]*$/.test(o.get(`${c}_flags`) ?? ""))
          ? FRAME
          : whole("makes noise that changes from frame to frame"),
    },
  ],
  [
    "perms",
    { options: "mode seed", judge: (o) => (isOneOf(o.get("mode"), "random", "4") ? whole("acts at random") : FRAME) },
  ],
  ...["premultiply", "unpremultiply"].map((name): [string, Definition] => [
    name,
    {
      options: "planes inplace",
      judge: (o) => (isOneOf(o.get("inplace"), "1", "true") ? FRAME : whole("takes several inputs")),
    },
  ]),
  [
    "rotate",
    {
      options: "angle/a out_w/ow out_h/oh fillcolor/c bilinear",
      expressions: "angle out_w out_h",
      judge: (o) =>
        o.get("fillcolor") === "none" ? whole("leaves corners unpainted, with what was in memory") : FRAME,
    },
  ],
  [
    "scale",
    {
      options: `w/width h/height flags interl in_color_matrix out_color_matrix in_range out_range in_v_chr_pos in_h_chr_pos
        out_v_chr_pos out_h_chr_pos force_original_aspect_ratio force_divisible_by param0 param1 eval size/s`,
      open: true,
      // A size that changes with time opens the encoder with another size in each chunk.
      expressions: "w/t h/t",
      judge: () => FRAME,
    },
  ],
  [
    "setpts",
    {
      options: "expr",
      judge: (o) => {
        const expr = o.get("expr")?.trim() ?? "PTS";
        if (expr === "PTS") return FRAME;
        const times = parseExpression(expr, TIMES);
        return times.ok
          ? { kind: "move", times: times.value, files: [] }
          : whole("moves frames by more than their times");
      },
    },
  ],
  [
    "shufflepixels",
    {
      options: "direction/d mode/m width/w height/h seed/s",
      judge: (o) => (/^\d+$/.test(o.get("seed") ?? "") ? FRAME : whole("takes another random seed in each run")),
    },
  ],
  [
    "sidedata",
    { options: "mode type", judge: (o) => (isOneOf(o.get("mode"), "delete", "1") ? FRAME : whole("selects frames")) },
  ],
  ...["vectorscope", "waveform"].map((name): [string, Definition] => [
    name,
    {
      options:
        name === "vectorscope"
          ? `mode/m x y intensity/i envelope/e graticule/g opacity/o flags/f bgopacity/b lthreshold/l hthreshold/h
             colorspace/c tint0/t0 tint1/t1`
          : `mode/m intensity/i mirror/r display/d components/c envelope/e filter/f graticule/g opacity/o flags/fl
             scale/s bgopacity/b tint0/t0 tint1/t1 fitmode/fm input`,
      judge: (o) =>
        isOneOf(o.get("envelope"), undefined, "none", "instant", "0", "1")
          ? FRAME
          : whole("holds peaks from frame to frame"),
    },
  ]),
  [
    "vignette",
    {
      options: "angle/a x0 y0 mode eval dither aspect",
      expressions: "angle x0 y0",
      judge: (o) =>
        isOneOf(o.get("dither"), "0", "false") ? FRAME : whole("dithers with random numbers on and on unless dither=0"),
    },
  ],
];

export const FRAME_FILTERS: ReadonlyMap<string, Definition> = new Map([
  ...PLAIN.map((name): [string, Definition] => [name, frame()]),
  ...SCANNED,
  ...JUDGED,
]);

/**
 * Uses of every filter that the table calls frame or window, to be compared over seams.
 * `{dir}` stands for the folder with the side files. Text before "|" is put in front of the
 * split, so that all see the same input.
 */

/** Half the frames marked as interlaced, in runs of five. */
export const MIXED =
  "split[x1][x2];[x1]select='not(mod(floor(n/5)\\,2))',setfield=tff[y1];" +
  "[x2]select='mod(floor(n/5)\\,2)',setfield=prog[y2];[y1][y2]interleave,settb=1/12800";

const lines = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** Frame filters without options worth trying. */
const BARE = `avgblur bilateral bitplanenoise cas chromahold chromanr ciescope codecview colorcontrast colorhold colorize
  colorlevels colortemperature copy datascope dblur deband deflate dilation edgedetect entropy epx erosion gblur gradfun
  grayworld guided hflip histeq histogram hsvhold hsvkey huesaturation inflate kirsch lenscorrection limiter lumakey maskfun
  median monochrome negate null perms pixdesctest pixelize prewitt roberts sab scharr selectivecolor showpalette smartblur
  sobel stereo3d super2xsai swapuv transpose unsharp v360 vaguedenoiser vectorscope vflip waveform yaepblur normalize`;

export const SAMPLES: readonly string[] = [
  ...BARE.split(/\s+/),
  ...lines(String.raw`
    addroi=0:0:iw/4:ih/4
    boxblur=lr='min(w,h)/20'
    chromashift=cbh=2
    colorbalance=rs=0.3
    colorchannelmixer=.3:.4:.3
    colorcorrect=rl=0.1
    colorcorrect=analyze=average
    colorcorrect=analyze=median
    colorcorrect=analyze=minmax
    colorkey=blue:0.3:0.2
    colorlevels=rimin=-1:gimin=-1:bimin=-1
    colormatrix=bt601:bt709
    colorspace=all=bt709:iall=bt601-6-625
    convolution=0 -1 0 -1 5 -1 0 -1 0
    crop=64:48:x='10+10*sin(t)'
    curves=vintage
    deband=r=-10:c=1
    delogo=x='10+5*sin(t)':y=10:w=20:h=20
    drawbox=10:10:w=iw/3:h=20:color=red@0.5
    drawgrid=w=20:h=20
    drawtext=text='%{pts\:hms} %{pict_type} gy':x='w-tw-10*sin(t)':fontsize='10+t':alpha='t/4'
    eq=contrast=1.2:brightness='0.1*sin(t)':eval=frame
    exposure=1
    fade=t=in:st=0.2:d=1
    fade=t=out:st=1.2:d=0.7:c=red
    fade=in:d=2
    fftfilt=dc_Y=1:weight_Y='1+squish(1-(Y+X)/100)'
    field=bottom
    split=1
    fillborders=2:2:2:2
    floodfill=5:5:d0=0:s0=10
    format=rgb24
    format=yuv444p10
    geq=lum='lum(X,Y)+10*sin(T)':cb='cb(X,Y)'
    hflip=enable='between(t,0.3,1.2)+between(mod(t,1),0.5,0.7)'
    gblur=sigma=3:enable='lt(mod(t,0.4),0.2)'
    hqx=2
    hue=h='20*t':s='1+0.2*sin(t)'
    il=l=d:c=i
    lut=y='val+10'
    lut1d={dir}/lut1d.cube
    lut3d={dir}/lut3d.cube
    lutrgb=r=negval
    lutyuv=u=negval
    metadata=add:key=a:value=b
    nlmeans=r=3:p=3
    noformat=pix_fmts=yuv420p
    noise=alls=20
    noise=alls=20:allf=u:all_seed=5
    noise=alls=20:allf=p
    owdenoise=depth=8:ls=20
    pad=140:100:(ow-iw)/2
    perspective=x0=10:y0=4:sense=destination
    premultiply=inplace=1
    qp=2
    removegrain=m0=4
    removelogo={dir}/logo.pgm
    rgbashift=rh=2
    rotate=a=0.2*t
    scale=64:48
    scale=200:-2:flags=lanczos,format=rgb24
    setdar=4/3
    setparams=color_primaries=bt709
    setpts=PTS
    setrange=tv
    setsar=2
    shear=0.1
    shufflepixels=seed=3
    shuffleplanes=0:2:1
    sidedata=mode=delete:type=PANSCAN
    spp=qp=10
    fspp=qp=10
    pp7=qp=10
    subtitles={dir}/apart.srt
    swaprect=20:20:0:0:'30+10*t':30
    vibrance=0.5
    vignette=angle='PI/5+t/10':eval=frame:dither=0
    xbr=2
    bm3d=sigma=5:bstep=8:range=5
    chromakey=green:0.3:0.1
    dctdnoiz=10:n=3:overlap=4
    fftdnoiz
    pseudocolor
    zscale=64:48
    format=yuva420p|alphaextract
    format=rgba|despill=green
    format=yuva420p|unpremultiply=inplace=1
    scale=640:480|pixscope
    scale=354:402|gblur=sigma=5
    scale=354:402|scale=200:300:flags=lanczos
    scale=354:402|format=rgb24
    scale=354:402|unsharp=7:7:2
    scale=354:402|noise=alls=20:allf=u
    scale=354:402|zscale=200:300
    setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709,zscale=t=linear,format=gbrpf32le|tonemap=hable
    setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709|zscale=t=linear,format=gbrp

    amplify
    amplify=radius=5
    atadenoise
    atadenoise=s=5:a=s
    bwdif
    bwdif=mode=send_frame
    dedot
    dedot=m=rainbows
    deflicker
    deflicker=s=9:m=median
    deflicker=s=2:m=pm
    estdif
    estdif=mode=frame
    normalize=smoothing=5
    phase=t
    separatefields
    signalstats
    signalstats=stat=tout:out=tout
    siti
    tblend=all_mode=average
    tblend=all_expr='A*T/4+B/2'
    tlut2=c0='(x+y)/2'
    tmedian
    tmedian=radius=3
    tmidequalizer
    tmidequalizer=radius=2
    tmix
    tmix=frames=5:weights=1 2 3 2 1
    w3fdif
    w3fdif=mode=frame
    yadif
    yadif=mode=send_field
    yadif=3
  `),
  ...lines(`
    bwdif
    estdif=deint=interlaced
    field=top
    fieldorder=bff
    phase
    phase=a
    phase=U
    scale=64:48:interl=-1
    separatefields
    setfield=bff
    w3fdif=deint=interlaced
    yadif=deint=interlaced
    yadif=1:-1:1
  `).map((sample) => `${MIXED}|${sample}`),
];

/** Grids: compared by output time. */
export const GRIDS: readonly string[] = [
  ..."8 12 15 24000/1001 25 30 50 60".split(" ").map((rate) => `fps=${rate}`),
  ..."zero inf down up near".split(" ").flatMap((round) => [`fps=8:round=${round}`, `fps=50:round=${round}`]),
  "fps=8:eof_action=pass",
  "fps=1",
  "fps=12:start_time=0",
  "fps=12:start_time=0.37",
  "fps=30:start_time=1",
  "minterpolate=mi_mode=dup",
  "minterpolate=mi_mode=blend",
  "minterpolate=fps=10:mi_mode=blend",
  "minterpolate=fps=30:mi_mode=blend",
  "minterpolate=fps=50:mi_mode=blend:scd=none",
];

/** In the table, yet without a sample: `ass` is `subtitles` with another reader. */
export const WITHOUT_SAMPLE: ReadonlySet<string> = new Set(["ass"]);

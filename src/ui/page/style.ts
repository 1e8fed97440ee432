/** The page's style: light and dark as the reader's system is, one column on a phone. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c1e21;--dim:#63676d;--page:#fff;--card:#f4f5f7;--line:#dcdfe3;
--encode:#2f6fd6;--upload:#1f9d6b;--download:#8b5cd6;--failed:#d13b3b;--cancelled:#d9912b;--idle:#c9cdd3}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--dim:#9aa0a8;--page:#15171a;--card:#1e2125;--line:#33373d;
--encode:#5b94f0;--upload:#3cc48c;--download:#ab86ee;--failed:#f06464;--cancelled:#ecab4e;--idle:#474c54}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:70rem;background:var(--page);color:var(--ink);font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.8rem 0 .5rem}
p{margin:.3rem 0}.dim{color:var(--dim)}.bad{color:var(--failed)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem;margin:1rem 0}
.tile{background:var(--card);border-radius:.5rem;padding:.6rem .8rem}.tile b{display:block;font-size:1.15rem}
.tile span{color:var(--dim);font-size:.85rem}
.row{display:grid;grid-template-columns:9rem 1fr;gap:.6rem;align-items:center;margin:2px 0}
.row>.name{font-size:.85rem;line-height:1.15}
svg{display:block;width:100%;background:var(--card);border-radius:2px}
.axis{display:flex;justify-content:space-between;color:var(--dim);font-size:.75rem}
.encode,.area{fill:var(--encode)}.upload{fill:var(--upload)}.download{fill:var(--download)}
.failed{fill:var(--failed)}.cancelled{fill:var(--cancelled)}.before,.between,.after{fill:var(--idle)}
.between{opacity:.75}.after{opacity:.5}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.85rem;margin:.4rem 0}
.key svg{display:inline-block;width:.8rem;margin-right:.35rem;vertical-align:-1px}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem .25rem 0;text-align:right;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left;min-width:7rem}
pre{background:var(--card);padding:.7rem;border-radius:.5rem;white-space:pre-wrap;font-size:.82rem;margin:.3rem 0}
li{margin:.15rem 0}
@media(max-width:600px){body{padding:.7rem}.row{grid-template-columns:1fr;gap:1px;margin:6px 0}}
`.trim();

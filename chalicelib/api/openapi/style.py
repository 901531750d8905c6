"""How the documentation page looks; the colours are those of every page."""

from urllib.parse import quote

from chalicelib.api.pages import PALETTE


_HOP = (
    '<path class="hop" d="M8 16.5H20.5C20.5 12 17.8 9 14.2 9 10.5 9 7.7 12 7.7 16.2 7.7 20.5 10.6 '
    '23.4 14.6 23.4 16.6 23.4 18.2 22.7 19.4 21.6"{}/><circle cx="24.6" cy="21.4" r="2.5"{}/>'
)
LOGO = (
    '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9"/>'
    + _HOP.format("", ' class="ball"')
    + "</svg>"
)
_STROKE = ' fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"'
ICON = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="9" fill="#0d7a52"/>'
    + _HOP.format(_STROKE, ' fill="#fff"')
    + "</svg>"
)
STYLE = (
    PALETTE
    + """
:root{--sunken:light-dark(oklch(0.945 0.005 165),oklch(0.25 0.01 165));
--soft:light-dark(oklch(0.94 0.04 158),oklch(0.255 0.035 163));
--go:light-dark(oklch(0.45 0.1 161),oklch(0.775 0.128 159));
--blue:light-dark(oklch(0.45 0.12 250),oklch(0.82 0.09 245));
--blue-soft:light-dark(oklch(0.945 0.03 245),oklch(0.28 0.05 250));
--amber-soft:light-dark(oklch(0.955 0.05 85),oklch(0.29 0.05 70));
--red:light-dark(oklch(0.5 0.18 27),oklch(0.77 0.12 24));
--red-soft:light-dark(oklch(0.95 0.025 25),oklch(0.28 0.06 25));
--code:light-dark(oklch(0.235 0.012 165),oklch(0.14 0.008 165));
--code-line:light-dark(oklch(0.235 0.012 165),oklch(0.285 0.011 165));
--code-text:oklch(0.93 0.006 165);--code-soft:oklch(0.71 0.012 165);
--mono:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;
--sans:-apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,Inter,Cantarell,Ubuntu,"Noto Sans",
"Liberation Sans",system-ui,sans-serif}
*{box-sizing:border-box}
html{scroll-padding-top:5rem;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
body{margin:0;background:var(--surface);color:var(--text);font:1rem/1.6 var(--sans)}
a{color:var(--accent);text-underline-offset:.2em;text-decoration-thickness:.06em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
h1,h2,h3,h4,p,ul,dl,dd,figure{margin:0}
h1,h2,h3{line-height:1.2;letter-spacing:-.02em;text-wrap:balance}
code,pre{font-family:var(--mono);font-size:.875em}
:not(pre)>code{overflow-wrap:anywhere}
p code:not(.long),dd code:not(.long){white-space:nowrap}
p code,dd code{padding:.1em .35em;border-radius:.35em;background:var(--sunken)}
small{font-size:.8125rem;color:var(--text-soft)}
.skip{position:absolute;inset-inline-start:-99rem}
.skip:focus{position:fixed;inset:.5rem auto auto .5rem;z-index:3;padding:.5rem 1rem;
background:var(--surface)}

.top{position:sticky;inset-block-start:0;z-index:2;display:flex;align-items:center;gap:.75rem;
block-size:3.75rem;padding-inline:clamp(1rem,3vw,2rem);background:var(--surface);
border-block-end:1px solid var(--line)}
.brand{display:flex;align-items:center;gap:.6rem;font-size:1.125rem;font-weight:700;
letter-spacing:-.015em}
.brand b{font-weight:500;color:var(--text-soft)}
.brand svg{inline-size:30px;fill:var(--accent)}
.hop{fill:none;stroke:var(--on-accent);stroke-width:3;stroke-linecap:round}
.ball{fill:var(--on-accent)}
.version{margin-inline-end:auto;padding:.1rem .5rem;border:1px solid var(--line);
border-radius:1rem;font-size:.75rem;color:var(--text-soft);font-variant-numeric:tabular-nums}
.button{padding:.45rem .8rem;border:1px solid var(--line);border-radius:.5rem;
color:var(--text);font-size:.875rem;font-weight:550;text-decoration:none;white-space:nowrap}
.button code{font-size:.8125rem}
.button:hover{background:var(--sunken)}
.menu,.close{display:none}

.page{display:grid;grid-template-columns:15.5rem minmax(0,1fr);max-inline-size:96rem;
margin-inline:auto}
.aside{position:sticky;inset-block-start:3.75rem;block-size:calc(100dvh - 3.75rem);overflow:auto;
padding:1.25rem 1rem 3rem clamp(1rem,2.2vw,2rem);border-inline-end:1px solid var(--line);
scrollbar-width:thin}
nav h2{margin:1.4rem 0 .35rem;padding-inline:.6rem;font-size:.8125rem;font-weight:650;
letter-spacing:0;color:var(--text)}
nav ul{padding:0;list-style:none}
nav li a{display:block;padding:.28rem .6rem;border-radius:.4rem;color:var(--text-soft);
font-size:.9rem;text-decoration:none}
nav li a:hover{background:var(--sunken);color:var(--text)}

main{padding:clamp(1.75rem,4vw,3.5rem) clamp(1.1rem,4vw,3.5rem) 6rem}
.intro{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:2.5rem;
align-items:center}
h1{font-size:clamp(2rem,4vw,2.75rem);font-weight:720;letter-spacing:-.03em}
.lead{margin-block-start:.75rem;max-inline-size:44rem;color:var(--text-soft);
font-size:1.0625rem}
.base{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline;
margin-block-start:1.25rem}
.base span{font-size:.8125rem;color:var(--text-soft)}
.base code{padding:.3rem .6rem;border-radius:.4rem;background:var(--soft);color:var(--text)}
.cards{display:flex;flex-wrap:wrap;gap:1px;
margin-block-start:2.75rem;border:1px solid var(--line);border-radius:.9rem;overflow:hidden;
background:var(--line)}
.cards section{flex:1 1 max(15rem,30%);min-inline-size:0;padding:1.15rem 1.3rem 1.3rem;
background:var(--surface)}
.cards h3{font-size:.9375rem;letter-spacing:-.005em}
.cards p{margin-block-start:.35rem;color:var(--text-soft);font-size:.9rem;line-height:1.55}

.group{margin-block-start:4.5rem}
.group>h2{font-size:1.75rem;font-weight:700}
.group>h3{margin:2.25rem 0 .75rem;font-size:1.125rem}
.group>h3+p{margin-block-end:.75rem;color:var(--text-soft)}
.operation{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:2.5rem;
padding-block:2.5rem;border-block-end:1px solid var(--line)}
.operation:last-child{border:0}
.operation h3,.model h3{font-size:1.25rem;font-weight:670}
.operation h3 a{color:inherit;text-decoration:none}
.operation h3 a:hover{text-decoration:underline}
.operation h4{margin:1.75rem 0 .35rem;font-size:.9375rem}
.operation h4 small{margin-inline-start:.4rem;font-weight:400}
.told>p{margin-block-start:.8rem;text-wrap:pretty}
.told>.route{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-block-start:.6rem}
.route code{font-size:.9375rem}
.method,.status{display:inline-block;min-inline-size:2.6rem;padding:.08rem .45rem;
border-radius:.35rem;background:var(--soft);color:var(--go);font:650 .75rem/1.6 var(--mono);
text-align:center}
.method.post{background:var(--blue-soft);color:var(--blue)}
.method.patch,.method.put,.s3{background:var(--amber-soft);color:var(--warning)}
.method.delete,.s4,.s5{background:var(--red-soft);color:var(--red)}
.method.head{background:var(--sunken);color:var(--text-soft)}
.open{padding:.05rem .5rem;border:1px solid var(--line);border-radius:1rem;font-size:.75rem;
color:var(--text-soft)}
.shown{position:sticky;inset-block-start:5rem;display:grid;gap:1rem;align-self:start;
min-inline-size:0}

.fields>div{padding-block:.7rem;border-block-start:1px solid var(--line)}
.fields dt{display:flex;flex-wrap:wrap;gap:.1rem .6rem;align-items:baseline}
.fields dt>code{font-weight:650}
.type{font-size:.8125rem;color:var(--text-soft)}
.required{font-size:.8125rem;font-weight:600;color:var(--warning)}
.fields dd{margin-block-start:.1rem;color:var(--text-soft);font-size:.9rem;line-height:1.5}
.fields dd:empty{display:none}
.fields dd span{white-space:nowrap}
.answers{padding:0;list-style:none}
.answers li{display:grid;grid-template-columns:3rem minmax(0,1fr);gap:.75rem;align-items:baseline;
padding-block:.35rem;font-size:.9rem;color:var(--text-soft)}
.answers small{display:block}
.model{padding-block:1.75rem 0;max-inline-size:52rem}
.model h3{margin-block-end:.6rem;font-family:var(--mono);font-size:1.0625rem;letter-spacing:0}
.pairs{display:grid;grid-template-columns:15rem minmax(0,1fr);max-inline-size:60rem}
.pairs dt,.pairs dd{padding-block:.5rem;border-block-start:1px solid var(--line)}
.pairs dt{padding-inline-end:1.5rem}
.pairs dd{color:var(--text-soft);font-size:.9375rem}
.pairs b{margin-inline-end:.5rem;color:var(--text);font-weight:600;
font-variant-numeric:tabular-nums}

.code{min-inline-size:0;border:1px solid var(--code-line);border-radius:.75rem;overflow:hidden;
background:var(--code);color:var(--code-text)}
.code figcaption{padding:.55rem 1rem;border-block-end:1px solid rgb(255 255 255/.09);
color:var(--code-soft);font-size:.8125rem}
.code pre{margin:0;padding:.9rem 1rem 1.05rem;max-block-size:30rem;overflow:auto;
font-size:.8125rem;line-height:1.65;tab-size:2;scrollbar-width:thin;
scrollbar-color:oklch(0.47 0.015 165) transparent}
.code pre:focus-visible{outline-offset:-3px;outline-color:oklch(0.775 0.128 159)}
.code pre code{font-size:inherit}
.k{color:oklch(0.82 0.09 245)}
.s{color:oklch(0.85 0.11 158)}
.n{color:oklch(0.85 0.12 82)}

@media (max-width:75rem){
.operation,.intro{grid-template-columns:minmax(0,1fr);gap:1.5rem}
.shown{position:static}
}
@media (max-width:56rem){
.page{grid-template-columns:minmax(0,1fr)}
.menu,.close{display:block}
.aside{display:none}
.aside:target{display:block;position:fixed;inset:3.75rem 0 0;z-index:1;block-size:auto;
padding:.5rem 1.25rem 2rem;border:0;background:var(--surface)}
.aside li a{padding-block:.55rem;font-size:1rem}
.close{float:inline-end;margin-block-start:.6rem}
}
@media (max-width:30rem){
.brand b,.version{display:none}
.brand{margin-inline-end:auto}
.cards section{flex-basis:100%}
.pairs{grid-template-columns:minmax(0,1fr)}
.pairs dt{padding:.6rem 0 0}
.pairs dd{padding:.1rem 0 .6rem;border:0}
}
@media (max-width:23rem){.brand{font-size:0}}
@media print{.top,.aside{display:none}.page{display:block}.operation{break-inside:avoid}}
"""
)

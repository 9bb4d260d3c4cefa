"""The page's style: light and dark on a screen, black on white on A4."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #d8dde3; --paper: #ffffff; --panel: #f5f7f9;
  --all: #c3ccd6; --part: #4a6785; --hot: #c2410c; --own: #1d4e89; --expected: #1b1f24; --region: #fbe3d3;
  --contradicted: #9a3412; --suspect: #854d0e; --clean: #166534; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #9ea9b5; --line: #343c46; --paper: #14181d; --panel: #1c2229; --all: #45505d;
    --part: #8fb0d3; --hot: #f0844a; --own: #8ec1ff; --expected: #e6e9ed; --region: #3d2a20; --contradicted: #fdba8c;
    --suspect: #f5cf75; --clean: #86d8a3; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 800px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 40px 0 8px; padding-top: 14px; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 22px 0 4px; }
p { margin: 8px 0; } ul, ol { margin: 8px 0; padding-left: 22px; } li { margin: 5px 0; }
.of { color: var(--soft); margin: 0 0 20px; overflow-wrap: anywhere; }
.word { font-size: 1.25rem; font-weight: 650; margin: 0 0 4px; }
.contradicted .word { color: var(--contradicted); } .suspect .word { color: var(--suspect); }
.clean .word { color: var(--clean); } .unknown .word { color: var(--soft); }
.lead { border-left: 4px solid var(--line); padding: 2px 0 2px 16px; overflow-wrap: anywhere; }
.lead.contradicted { border-color: var(--contradicted); } .lead.suspect { border-color: var(--suspect); }
.lead.clean { border-color: var(--clean); }
.beside { display: grid; grid-template-columns: 1.25fr 1fr; gap: 24px; margin-top: 20px; align-items: start; }
.limits { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 12px 16px; }
.limits h3 { margin: 0 0 4px; } .limits p, .limits li { font-size: .92rem; }
dl { margin: 0; } dl div { display: flex; justify-content: space-between; gap: 16px; padding: 5px 0;
  border-bottom: 1px solid var(--line); }
dt { color: var(--soft); white-space: nowrap; } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 14px 0 26px; } figcaption { font-size: .92rem; color: var(--soft); margin-top: 6px; }
figcaption b { color: var(--ink); font-weight: 600; }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: .85rem; color: var(--soft); margin: 0 0 6px; }
.key i { display: inline-block; width: 12px; height: 12px; margin-right: 6px; vertical-align: -1px; border-radius: 2px; }
.key .dot { border-radius: 50%; } .key .bar { height: 3px; vertical-align: 3px; }
svg { display: block; max-width: 100%; height: auto; }
svg text { font: 11.5px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--soft); }
svg .title { fill: var(--ink); font-weight: 600; } svg .value { fill: var(--ink); font-size: 10px; }
.all, i.all { fill: var(--all); background: var(--all); } .part, i.part { fill: var(--part); background: var(--part); }
.hot, i.hot { fill: var(--hot); background: var(--hot); }
.region, i.region { fill: var(--region); background: var(--region); }
i.own { background: var(--own); } i.other { border: 1.5px solid var(--soft); } i.expected { background: var(--expected); }
.axis { stroke: var(--soft); stroke-width: 1; } .grid { stroke: var(--line); stroke-width: 1; }
.expected { stroke: var(--expected); stroke-width: 1.6; fill: none; }
.whisker { stroke: var(--own); stroke-width: 1.4; } circle.own { fill: var(--own); }
circle.other { fill: none; stroke: var(--soft); stroke-width: 1.5; }
.narrow { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; margin: 8px 0 4px; }
th { text-align: left; font-weight: 600; border-bottom: 1.5px solid var(--soft); padding: 5px 12px 5px 0;
  vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); padding: 5px 12px 5px 0; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; } .number { text-align: right; white-space: nowrap; }
code { font: .92em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.examples { font-size: .8rem; } .examples td { padding-right: 9px; }
.time { white-space: nowrap; } .note { color: var(--soft); font-size: .92rem; }
footer { margin-top: 40px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--soft); font-size: .85rem;
  overflow-wrap: anywhere; }
@media screen and (max-width: 640px) {
  main { padding: 20px 14px 32px; } .beside { grid-template-columns: 1fr; }
  .wide { display: none; } .narrow { display: block; }
  .stacked thead { display: none; } .stacked tr { display: block; border-bottom: 1px solid var(--line); padding: 8px 0; }
  .stacked td, .stacked .number { display: flex; gap: 12px; border: 0; padding: 2px 0; text-align: left; white-space: normal; }
  .stacked td::before { content: attr(data-label); flex: 0 0 92px; color: var(--soft); }
}
@page { size: A4; margin: 15mm 16mm 17mm; @bottom-right { content: counter(page) " / " counter(pages);
  font: 9pt sans-serif; color: #444; } }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --panel: #fff; --all: #cfcfcf;
    --part: #555; --hot: #000; --own: #000; --expected: #000; --region: #e9e9e9; --contradicted: #000; --suspect: #000;
    --clean: #000; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  html { font-size: 9.8pt; } body { line-height: 1.38; }
  td, th { padding-top: 3px; padding-bottom: 3px; } main { max-width: none; padding: 0; }
  h2 { margin-top: 16pt; } .examples { font-size: 7.8pt; } h2, h3 { break-after: avoid; } h3 + p { break-after: avoid; }
  figure, tr, li, .limits, .lead, dl div { break-inside: avoid; } thead { display: table-header-group; }
  p, li { orphans: 3; widows: 3; } .scroll { overflow: visible; }
  .expected { stroke-dasharray: 5 3; } footer { break-inside: avoid; }
}
"""

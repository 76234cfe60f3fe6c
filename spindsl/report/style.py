"""How the page looks."""

CSS = """
:root { color-scheme: light dark;
  --font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --paper: #ffffff; --ink: #1b1f24; --soft: #626b76; --grid: #e2e5e9; --tint: #f5f6f8;
  --good: #00694c; --bad: #a8320a;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b8588f; --c4: #c98a00; --c5: #3f9bd0; --c6: #7a6a53;
  --d0: #4477aa; --d1: #ee6677; --d2: #228833; --d3: #bba52f; --d4: #55bbdd; --d5: #aa3377; --d6: #8a8a8a; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14171b; --ink: #e8eaed; --soft: #9aa3ae; --grid: #2c323a; --tint: #1c2026;
  --good: #4cc9a0; --bad: #ff8f66;
  --c0: #4aa8e0; --c1: #f08a3c; --c2: #2fc296; --c3: #dd8fbb; --c4: #e6ad32; --c5: #7cc4ee; --c6: #b5a386;
  --d0: #6d9fd0; --d1: #f5808f; --d2: #4fb35f; --d3: #d6c357; --d4: #7fd3ee; --d5: #d066a2; --d6: #a5a5a5; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 900px; padding: 40px 20px 72px; background: var(--paper); color: var(--ink);
  font: 16px/1.55 var(--font); overflow-wrap: break-word; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 6px; text-wrap: balance; }
h2 { font-size: 1.25rem; line-height: 1.3; letter-spacing: -0.01em; margin: 52px 0 12px; }
p, ul { margin: 0 0 12px; max-width: 46rem; }
ul { padding-left: 1.2em; }
li { margin: 4px 0; }
p.facts { max-width: none; color: var(--soft); font-size: 0.875rem; margin-bottom: 28px; }
.verdict { font-size: 1.25rem; line-height: 1.45; text-wrap: pretty; margin-bottom: 14px; }
.alarm { color: var(--bad); font-weight: 600; }

figure { margin: 0 0 28px; }
figure svg { display: block; max-width: 100%; height: auto; overflow: visible; }
figure svg * { stroke-linejoin: round; }
figure svg text { font-family: var(--font); }
.caption, figcaption { color: var(--soft); font-size: 0.875rem; line-height: 1.5; max-width: 46rem;
  margin: 8px 0 0; }
figcaption b, .caption b { color: var(--ink); font-weight: 600; }
.narrow { display: none; }

.scroll { overflow-x: auto; padding-bottom: 1px; }
table { border-collapse: separate; border-spacing: 0; min-width: 100%; font-size: 0.9rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: baseline; padding: 7px 14px 7px 0; font-weight: 400;
  border-bottom: 1px solid var(--grid); }
thead th { color: var(--soft); font-size: 0.8125rem; white-space: nowrap; vertical-align: bottom;
  border-bottom: 1px solid var(--soft); }
tbody th { font-weight: 600; }
small { color: var(--soft); font-size: 0.8125rem; font-weight: 400; }
.scores td, .scores thead th + th { text-align: right; white-space: nowrap; padding: 7px 0 7px 14px; }
.scores tbody th { min-width: 8.5em; position: sticky; left: 0; background: var(--paper); }
.scores small { display: block; font-size: 0.75rem; }
.best { font-weight: 650; }
.dot { display: inline-block; width: 0.62em; height: 0.62em; border-radius: 50%; margin-right: 0.5em; }
.met { color: var(--good); font-weight: 600; white-space: nowrap; }
.missed { color: var(--bad); font-weight: 600; white-space: nowrap; }
.record th { color: var(--soft); font-weight: 400; white-space: nowrap; }
.record td { overflow-wrap: anywhere; }

pre { background: var(--tint); border-radius: 6px; padding: 14px 16px; overflow-x: auto; margin: 0;
  font: 0.8125rem/1.55 var(--mono); }
pre i { color: var(--soft); font-style: normal; }
pre b { font-weight: 650; }
code { font: 0.9em var(--mono); }
details { margin: 14px 0; }
summary { cursor: pointer; color: var(--soft); font-size: 0.875rem; }
details pre { margin-top: 8px; }

@media (max-width: 700px) {
  body { padding: 24px 15px 48px; }
  h1 { font-size: 1.6rem; }
  .verdict { font-size: 1.125rem; }
  .wide { display: none; }
  .narrow { display: block; } }
@media print {
  body { max-width: none; padding: 0; }
  figure, tr { break-inside: avoid; }
  pre { white-space: pre-wrap; } }
"""

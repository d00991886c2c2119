/** The page around the viewer: what one needs to know before the first request. On a tenant's host it says whose. */
export const viewerPage = (isTenant: boolean): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cascade API</title>
<link rel="stylesheet" href="/docs/viewer.css">
<link rel="stylesheet" href="/docs/docs.css">
<script src="/docs/viewer.js" defer></script>
<script src="/docs/docs.js" defer></script>
</head>
<body>
<header class="top">
<h1>Cascade <span>API</span></h1>
<p>${isTenant ? 'Everything this broker’s people and programs can do.' : 'Everything people and programs can do. Brokers answer under their own hosts, operators under this one.'}</p>
<p><a href="/openapi.json">OpenAPI 3.1 document</a> · <a href="/docs/errors">Errors</a></p>
</header>
<main>
<section class="start" aria-labelledby="start">
<h2 id="start">Sign in</h2>
<ol>
<li>Ask for a token with your address and password; staff add the six digits of their second factor.
<pre tabindex="0"><code id="sign-in">curl -X POST /api/v1/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '{"email":"you@example.com","password":"…","otp":"123456"}'</code></pre></li>
<li>Send the <code>accessToken</code> of the answer with every request: <code>Authorization: Bearer …</code>. It holds for ten minutes;
<code>POST /api/v1/auth/refresh</code> gives the next one.</li>
<li>A program sends a key in its place, <code>Authorization: Bearer csk_…</code>, which an administrator makes for it.</li>
</ol>
</section>
<div id="viewer"><p class="wait">The description is loading. Without a script it can be read as <a href="/openapi.json">JSON</a>.</p></div>
</main>
</body>
</html>
`;

/** Opens the viewer, and shows the example with the address of this very host. */
export const viewerScript = `'use strict';
const example = document.getElementById('sign-in');
example.textContent = example.textContent.replace(' /api', ' ' + location.origin + '/api');
window.SwaggerUIBundle({
  url: '/openapi.json',
  domNode: document.getElementById('viewer'),
  deepLinking: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  filter: true,
  displayRequestDuration: true,
  syntaxHighlight: { activated: true, theme: 'nord' },
  validatorUrl: null,
});
`;

export const viewerFrame = `:root {
  --ink: #14202b; --soft: #536471; --line: #d8e0e6; --ground: #f5f7f9; --accent: #0a66a8; --deep: #0d2f49;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
a { color: var(--accent); }
.top { background: var(--deep); color: #fff; padding: 2.2rem max(1.25rem, calc((100vw - 72rem) / 2 + 1.25rem)); }
.top h1 { margin: 0; font-size: clamp(1.6rem, 5vw, 2.3rem); letter-spacing: -.02em; }
.top h1 span { font-weight: 300; }
.top p { margin: .4rem 0 0; max-width: 46rem; color: #d5e4ef; }
.top a { color: #9fd3ff; }
main { max-width: 72rem; margin: 0 auto; padding: 1.25rem; }
.start { background: #fff; border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.4rem; margin: 0 0 1.25rem; }
.start h2 { margin: 0 0 .4rem; font-size: 1.15rem; }
.start ol { margin: 0; padding-left: 1.25rem; }
.start li { margin: .35rem 0; overflow-wrap: anywhere; }
.start pre { background: #10212e; color: #e6f1f8; border-radius: 8px; padding: .8rem 1rem; margin: .5rem 0; overflow-x: auto; overflow-wrap: normal; font-size: .88rem; line-height: 1.5; }
.start code { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
.start :not(pre) > code { background: #eaf0f4; border-radius: 4px; padding: .05rem .3rem; font-size: .9em; }
.errors table { width: 100%; border-collapse: collapse; background: #fff; border: 1px solid var(--line); font-size: .92rem; }
.errors :is(th, td) { text-align: left; vertical-align: top; padding: .45rem .6rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.errors pre { background: #10212e; color: #e6f1f8; border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; }
.errors tr:has(:target) { background: #fff6d6; }
.errors code { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; font-size: .92em; }
.wait { color: var(--soft); padding: 2rem; text-align: center; }
#viewer { background: #fff; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
#viewer .swagger-ui { font-family: inherit; overflow-wrap: anywhere; }
#viewer .swagger-ui .wrapper { max-width: none; padding: 0 1.25rem; }
#viewer .swagger-ui :is(.info p, .info li, .markdown p, .opblock-tag small, .opblock-summary-description, table, label, button, input, select) { font-family: inherit; }
#viewer .swagger-ui :is(.info, .markdown) code { color: var(--ink); background: #eaf0f4; font-weight: 500; }
#viewer .swagger-ui .info { margin: 1.5rem 0; }
#viewer .swagger-ui .info .title { color: var(--ink); font-family: inherit; font-size: 1.5rem; }
#viewer .swagger-ui .scheme-container { box-shadow: none; border: 0 solid var(--line); border-width: 1px 0; margin: 0; padding: .9rem 0; background: #fbfcfd; }
#viewer .swagger-ui .opblock-tag { font-family: inherit; font-size: 1.15rem; }
#viewer .swagger-ui .opblock-tag small { color: var(--soft); font-size: .9rem; }
#viewer .swagger-ui .opblock .opblock-summary-description { color: var(--soft); }
#viewer .swagger-ui .filter .operation-filter-input { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0 .25rem; }
@media (max-width: 640px) {
  main { padding: .75rem; }
  .start { padding: .9rem 1rem; }
  #viewer .swagger-ui .wrapper { padding: 0 .6rem; }
  #viewer .swagger-ui .opblock-tag { flex-wrap: wrap; position: relative; padding-right: 3rem; }
  #viewer .swagger-ui .opblock-tag > button { position: absolute; right: 0; top: .4rem; }
  #viewer .swagger-ui .filter .operation-filter-input { width: 100%; }
  #viewer .swagger-ui .opblock-tag small { flex: 1 0 100%; padding: 0; }
  #viewer .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  #viewer .swagger-ui .opblock .opblock-summary-description { flex: 1 0 100%; padding: .2rem .4rem; }
  #viewer .swagger-ui .opblock .opblock-summary-path { max-width: none; }
  #viewer .swagger-ui table { display: block; overflow-x: auto; }
}
`;

// The page at /analytics: the usage overview of one API key. Plain DOM, so that a strict Content-Security-Policy holds.

const KEY_ITEM = 'promptops.api-key';
const REFRESH_MS = 30_000;
/** The collector gives a query 30 s. */
const TIMEOUT_MS = 35_000;
const DAYS = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 };
const DAY_MS = 86_400_000;

const byId = (id) => document.getElementById(id);

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child != null));
  return element;
};
const html = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
const svg = (name, attributes = {}, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);

// ---- Words and numbers ----

const number = (value, options) => value.toLocaleString('en-US', options);
const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** 1,234,567 from a million on as 1.235M; the charts' table has the exact numbers. */
const compact = (value) =>
  value < 1e6 ? number(value) : number(value, { notation: 'compact', maximumSignificantDigits: 4 });

const dollars = (value, least, most = least) =>
  `$${number(value, { minimumFractionDigits: least, maximumFractionDigits: Math.min(most, 20) })}`;

/** Cents, and below a dollar three digits that count: $12.30, $0.0345, $0.000125. Never $0.00 for what cost something. */
function money(usd) {
  const value = Number(usd);
  if (usd === null) return 'unpriced';
  return dollars(value, 2, value > 0 && value < 1 ? Math.max(2, 2 - Math.floor(Math.log10(value))) : 2);
}

function duration(ms) {
  if (ms == null) return '–';
  if (ms < 1000) return `${number(ms, { maximumSignificantDigits: 3 })}\u00a0ms`;
  return `${number(ms / 1000, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 })}\u00a0s`;
}

/** Rounded down: one failure among a million calls is not 100 %. */
const percent = (value) =>
  value === null ? '–' : `${number(value, { maximumFractionDigits: 2, roundingMode: 'floor' })}\u00a0%`;

const clock = (timeZone, options) => new Intl.DateTimeFormat('en-GB', { timeZone, ...options });
const zoneName = (timeZone) => timeZone.replaceAll('_', ' ');

// ---- What is shown: a range and a time zone, kept in the URL ----

const isTimeZone = (name) => {
  try {
    return Boolean(name && clock(name));
  } catch {
    return false;
  }
};
const browserZone = [Intl.DateTimeFormat().resolvedOptions().timeZone].find(isTimeZone) ?? 'UTC';

function viewOfUrl() {
  const query = new URLSearchParams(location.search);
  const [range, timezone] = [query.get('range'), query.get('timezone')];
  return {
    range: Object.hasOwn(DAYS, range) ? range : '30d',
    timezone: isTimeZone(timezone) ? timezone : browserZone,
  };
}

const urlOfView = (view) => `${location.pathname}?${new URLSearchParams(view)}`;

/** 24 h are the last 24 hours; days are whole days of the time zone, today included. */
function periodOf({ range, timezone }, nowMs) {
  if (range === '24h') {
    const [start_date, end_date] = [nowMs - DAY_MS, nowMs].map((ms) => new Date(ms).toISOString());
    return { start_date, end_date, group_by: 'hour', timezone };
  }
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short' }).format(nowMs);
  const first = new Date(Date.parse(today) - (DAYS[range] - 1) * DAY_MS);
  return { start_date: first.toISOString().slice(0, 10), group_by: 'day', timezone };
}

function showControls() {
  const { range, timezone } = byId('controls').elements;
  range.value = view.range;
  const usual = [...new Set([browserZone, 'UTC', view.timezone])];
  const others = Intl.supportedValuesOf('timeZone').filter((zone) => !usual.includes(zone));
  const option = (zone) => html('option', { value: zone }, zoneName(zone));
  timezone.replaceChildren(
    ...usual.map(option),
    html('optgroup', { label: 'All time zones' }, ...others.map(option)),
  );
  timezone.value = view.timezone;
}

// ---- The API ----

async function fetchOverview(signal) {
  const query = new URLSearchParams(periodOf(view, Date.now()));
  const options = { headers: { Authorization: `Bearer ${apiKey}` }, cache: 'no-store', signal };
  const answer = await fetch(`/v1/analytics/usage/overview?${query}`, options).catch((error) => {
    if (error.name === 'TimeoutError') throw new Error('The collector took too long to answer.');
    throw new Error('The collector cannot be reached. Check that it runs and that you are connected.');
  });
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  const message =
    body?.detail ?? `The collector gave an answer that is not understood (status ${answer.status}).`;
  throw Object.assign(new Error(message), { status: answer.status });
}

// ---- Bar charts ----

/** About four steps of 1, 2 or 5 times a power of ten up to `max`. */
function scaleOf(max, whole) {
  if (max <= 0) return { step: 1, top: 1 };
  const power = 10 ** Math.floor(Math.log10(max / 4));
  const nice = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= max / 4);
  const step = whole ? Math.max(1, nice) : nice;
  return { step, top: Math.ceil(max / step - 1e-9) * step };
}

const heightOf = (bar) => bar.parts.reduce((sum, { value }) => sum + value, 0);

/** A bar chart that the arrow keys walk through. What a bar stands for is read above it, and is its accessible name. */
class BarChart {
  #root;
  #readout = html('p', { class: 'readout' });
  #svg = svg('svg', { role: 'group' });
  #chart = null;
  /** The bar that Tab reaches: the newest, until another had the focus. */
  #current = Infinity;

  constructor(root) {
    this.#root = root;
    root.append(this.#readout, this.#svg);
    const show = (event) => this.#show(event.target.closest('[data-index]')?.dataset.index);
    for (const type of ['pointerover', 'focusin']) this.#svg.addEventListener(type, show);
    for (const type of ['pointerleave', 'focusout']) this.#svg.addEventListener(type, () => this.#show());
    this.#svg.addEventListener('focusin', ({ target }) => this.#select(Number(target.dataset.index)));
    this.#svg.addEventListener('keydown', (event) => {
      const [at, last] = [this.#current, this.#chart.bars.length - 1];
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#bar(Math.min(Math.max(to, 0), last)).focus();
    });
    new ResizeObserver(() => this.#draw()).observe(root);
  }

  /** @param chart {title, tick(value, step), whole, bars: [{label, text, partial, parts: [{kind, value}]}]} */
  set(chart) {
    if (chart.bars.length !== this.#chart?.bars.length) this.#current = Infinity;
    this.#chart = chart;
    this.#draw();
  }

  #bar = (index) => this.#svg.querySelector(`[data-index="${index}"]`);

  #show(index) {
    const { bars } = this.#chart;
    const highest = bars.reduce((best, bar) => (heightOf(bar) > heightOf(best) ? bar : best));
    this.#readout.textContent =
      bars[index]?.text ?? (heightOf(highest) > 0 ? `Highest: ${highest.text}` : '');
    this.#readout.classList.toggle('active', index !== undefined);
  }

  #select(index) {
    this.#bar(this.#current)?.setAttribute('tabindex', '-1');
    this.#bar(index).setAttribute('tabindex', '0');
    this.#current = index;
  }

  #draw() {
    const width = this.#root.clientWidth;
    if (!this.#chart || width === 0) return;
    const { title, bars, tick, whole } = this.#chart;
    const em = parseFloat(getComputedStyle(this.#svg).fontSize);
    const height = this.#svg.clientHeight;
    const { step, top } = scaleOf(Math.max(...bars.map(heightOf)), whole);
    const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
    const left = (Math.max(...ticks.map((value) => tick(value, step).length)) * 0.6 + 0.8) * em;
    const bottom = height - 1.9 * em;
    const y = (value) => bottom - (value / top) * (bottom - 0.7 * em);
    const right = width - 0.8 * em;
    const band = (right - left) / bars.length;
    const barWidth = Math.min(Math.max(band * 0.74, 1), 4 * em);
    const labelEvery = Math.ceil((4.6 * em) / band);

    const axis = ticks.flatMap((value) => [
      svg('path', { class: value === 0 ? 'baseline' : 'gridline', d: `M${left} ${y(value)}H${right}` }),
      svg('text', { class: 'tick', x: left - 0.6 * em, y: y(value) }, tick(value, step)),
    ]);
    const groups = bars.map((bar, index) => {
      const x = left + index * band;
      let base = bottom;
      const parts = bar.parts.map(({ kind, value }) => {
        // What is there is seen, however small; an unpriced bucket has a mark in place of a height.
        const size = kind === 'unpriced' ? 4 : value > 0 ? Math.max(bottom - y(value), 1.5) : 0;
        base -= size;
        const d = `M${x + (band - barWidth) / 2} ${base}h${barWidth}v${size}h${-barWidth}z`;
        return size > 0 ? svg('path', { class: kind, d }) : null;
      });
      return svg(
        'g',
        { class: 'bucket', role: 'img', tabindex: -1, 'data-index': index, 'aria-label': bar.text },
        svg('title', {}, bar.text),
        svg('path', { class: 'hit', d: `M${x} 0h${band}V${bottom}h${-band}z` }),
        svg('g', { class: bar.partial ? 'partial' : 'whole' }, ...parts),
        // Counted from the newest bar, which is always named.
        (bars.length - 1 - index) % labelEvery === 0
          ? svg('text', { class: 'label', x: x + band / 2, y: height - 0.4 * em }, bar.label)
          : null,
      );
    });
    const hadFocus = this.#svg.contains(document.activeElement);
    this.#svg.setAttribute('aria-label', `${title}: bars; the left and right arrow keys walk through them`);
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#svg.replaceChildren(svg('g', { 'aria-hidden': true }, ...axis), ...groups);
    this.#select(Math.min(this.#current, bars.length - 1));
    this.#show();
    if (hadFocus) this.#bar(this.#current).focus({ preventScroll: true });
  }
}

const costChart = new BarChart(byId('cost-chart'));
const requestsChart = new BarChart(byId('requests-chart'));

// ---- The overview ----

function showOverview({ summary, time_series: series, top_prompts: prompts, freshness }) {
  const { period } = summary;
  const asOfMs = Date.parse(freshness.as_of);
  const isEmpty = summary.total_requests === 0;
  showPeriod(period, asOfMs);
  showUnpriced(summary);
  showFreshness(freshness, period.timezone);
  if (isEmpty && byId('empty').hidden) byId('now').textContent = freshness.as_of;
  byId('empty').hidden = !isEmpty;
  byId('figures').hidden = isEmpty;
  byId('content').hidden = false;
  if (isEmpty) return;

  showKeyFigures(summary);
  const buckets = bucketsOf(series, period, asOfMs);
  showCharts(buckets, period.group_by);
  const cost = ['Cost (USD)', costCell];
  const requests = ['Requests', (row) => number(row.total_requests)];
  const failed = ['Failed', (row) => number(row.failed_requests)];
  const tokens = ['Tokens', (row) => number(row.total_tokens_used)];
  const time = ['Average response time', (row) => duration(row.average_response_time_ms)];
  const prompt = ['Prompt', (row) => row.prompt_id ?? html('em', {}, 'no prompt named')];
  const bucket = [period.group_by === 'hour' ? 'Hour' : 'Day', (row) => row.name];
  showTable(byId('prompts'), prompts, [prompt, requests, tokens, cost, time]);
  showTable(byId('series'), buckets.toReversed(), [bucket, cost, requests, failed, tokens, time]);
}

function showPeriod({ start, end, group_by, timezone }, asOfMs) {
  const byHour = group_by === 'hour';
  const format = clock(timezone, { dateStyle: 'medium', ...(byHour && { timeStyle: 'short' }) });
  // The end is not part of the period: the last day is the one before it.
  const last = byHour ? Math.min(Date.parse(end), asOfMs) : Date.parse(end) - 1;
  const text = format.formatRange(Date.parse(start), last);
  byId('period').textContent = `${text}, time zone ${zoneName(timezone)}`;
}

function showUnpriced({ unpriced_requests: calls, unknown_usage_requests: unknown }) {
  byId('unpriced').hidden = calls === 0;
  byId('unpriced').textContent =
    `${count(calls, 'call has', 'calls have')} no price: ${calls === 1 ? 'its' : 'their'} cost is not in the total.` +
    (unknown > 0 ? ` Sent without token counts: ${number(unknown)}.` : '');
}

function showFreshness({ as_of, complete_until, cache_age_seconds: age }, timeZone) {
  const day = clock(timeZone, { dateStyle: 'medium' });
  const time = clock(timeZone, { timeStyle: 'medium' });
  const isToday = (at) => day.format(at) === day.format(Date.now());
  const [asOf, completeUntil] = [new Date(as_of), new Date(complete_until)].map(
    (at) => (isToday(at) ? '' : `${day.format(at)}, `) + time.format(at),
  );
  byId('freshness').textContent =
    `as of ${asOf}, complete until ${completeUntil} (${zoneName(timeZone)})` +
    (age > 0 ? `, from a cache of ${Math.round(age)} s ago` : '');
}

function showKeyFigures(summary) {
  const { total_cost_usd: cost, total_requests: requests, failed_requests: failed } = summary;
  const { cache_hits: hits, average_response_time_ms: average } = summary;
  const firstToken = summary.average_time_to_first_token_ms;
  const { p50, p95, p99, relative_error } = summary.response_time_percentiles_ms ?? {};
  const each = cost && `${money(cost / (requests - summary.unpriced_requests))} a priced request`;
  const tokens = [
    [summary.input_tokens, 'input'],
    [summary.cache_read_tokens, 'cache read'],
    [summary.cache_write_5m_tokens + summary.cache_write_1h_tokens, 'cache write'],
    [summary.output_tokens, 'output'],
  ].flatMap(([value, name]) => (value > 0 ? `${compact(value)} ${name}` : []));
  const others = `p50 ${duration(p50)}, p99 ${duration(p99)}, each ±\u00a0${percent(relative_error * 100)}`;
  const figures = [
    ['Cost (USD)', money(cost), each ?? 'no call has a price'],
    ['Requests', compact(requests), hits > 0 && `${compact(hits)} from your response cache`],
    ['Tokens', compact(summary.total_tokens_used), tokens.join(', ')],
    ['Success rate', percent(summary.success_rate), failed > 0 ? `${number(failed)} failed` : 'none failed'],
    ['Average response time', duration(average), firstToken && `first token after ${duration(firstToken)}`],
    ['p95 response time', duration(p95), p95 && others],
  ];
  const card = ([name, value, detail]) => {
    const shown = html('dd', { class: value.length > 9 ? 'value long' : 'value' }, value);
    return html('div', {}, html('dt', {}, name), shown, html('dd', { class: 'detail' }, detail || null));
  };
  byId('key-figures').replaceChildren(...figures.map(card));
}

/** The points of the series with their names. The first and the last one may be cut, by the period or by now. */
function bucketsOf(series, { start, group_by, timezone }, asOfMs) {
  const byHour = group_by === 'hour';
  const date = { day: 'numeric', month: 'short' };
  const hour = { hour: '2-digit', minute: '2-digit' };
  const [day, time] = [clock(timezone, date), clock(timezone, hour)];
  const full = clock(timezone, { weekday: 'short', ...date, ...(byHour && hour) });
  const startMs = Date.parse(start);
  return series.map((point, index) => {
    const at = Date.parse(point.timestamp);
    const isNow = index === series.length - 1 && at <= asOfMs;
    const cut = at < startMs ? ` (from ${time.format(startMs)})` : isNow ? ' (so far)' : '';
    const label = byHour && time.format(at) !== '00:00' ? time.format(at) : day.format(at);
    return { ...point, label, name: full.format(at) + cut, partial: cut !== '' };
  });
}

function showCharts(buckets, groupBy) {
  const barsOf = (parts, words) =>
    buckets.map((bucket) => {
      const text = `${bucket.name}: ${words(bucket).filter(Boolean).join(', ')}`;
      const values = Object.entries(parts(bucket)).map(([kind, value]) => ({ kind, value }));
      return { label: bucket.label, partial: bucket.partial, text, parts: values };
    });
  const costs = barsOf(
    ({ total_cost_usd: cost }) => (cost === null ? { unpriced: 0 } : { cost: Number(cost) }),
    ({ total_cost_usd: cost, unpriced_requests: calls }) => [
      money(cost),
      calls > 0 && `${count(calls, 'call')} without a price`,
    ],
  );
  const requests = barsOf(
    (bucket) => ({ succeeded: bucket.successful_requests, failed: bucket.failed_requests }),
    ({ total_requests: calls, failed_requests: failed, average_response_time_ms: average }) => [
      count(calls, 'request'),
      failed > 0 && `${number(failed)} failed`,
      average !== null && `average ${duration(average)}`,
    ],
  );
  const usd = (value, step) =>
    dollars(value, value > 0 && step < 1 ? Math.max(2, -Math.floor(Math.log10(step))) : 0);
  byId('cost-title').textContent = `Cost per ${groupBy} (USD)`;
  byId('requests-title').textContent = `Requests per ${groupBy}`;
  costChart.set({ title: 'Cost', bars: costs, tick: usd });
  requestsChart.set({ title: 'Requests', bars: requests, tick: compact, whole: true });
}

function costCell({ total_cost_usd: cost, unpriced_requests: unpriced }) {
  if (cost === null) return html('span', { class: 'unpriced' }, 'unpriced');
  const rest = unpriced > 0 ? html('small', { class: 'unpriced' }, `+ ${number(unpriced)} unpriced`) : null;
  return html('span', {}, money(cost), rest);
}

/** @param columns [heading, cell(row)] each; the first one names the row */
function showTable(table, rows, columns) {
  // The roles are those of the elements: Safari forgets them where CSS lays a table out as a grid.
  const line = (...cells) => html('tr', { role: 'row' }, ...cells);
  const head = columns.map(([name]) => html('th', { scope: 'col', role: 'columnheader' }, name));
  const body = rows.map((row) => {
    const [first, ...others] = columns.map(([, cell]) => cell(row));
    const name = html('th', { scope: 'row', role: 'rowheader' }, first);
    return line(name, ...others.map((cell) => html('td', { role: 'cell' }, cell)));
  });
  const group = (name, ...lines) => html(name, { role: 'rowgroup' }, ...lines);
  table.setAttribute('role', 'table');
  table.replaceChildren(group('thead', line(...head)), group('tbody', ...body));
}

// ---- Signing in, loading, refreshing ----

let view = viewOfUrl();
let apiKey = sessionStorage.getItem(KEY_ITEM);
let loading = null;
let timer;
let loadedAtMs = -Infinity;

function showSignIn(message = '') {
  loading?.abort();
  settle();
  apiKey = null;
  sessionStorage.removeItem(KEY_ITEM);
  for (const id of ['dashboard', 'sign-out', 'content', 'problem']) byId(id).hidden = true;
  byId('sign-in').hidden = false;
  byId('sign-in-error').textContent = message;
  byId('key').focus();
}

function showDashboard() {
  for (const id of ['dashboard', 'sign-out']) byId(id).hidden = false;
  byId('sign-in').hidden = true;
  byId('key').value = '';
}

function schedule() {
  clearTimeout(timer);
  if (apiKey === null || loading || document.hidden) return;
  timer = setTimeout(() => load(), Math.max(0, loadedAtMs + REFRESH_MS - Date.now()));
}

/** No load is under way any more. */
function settle() {
  loading = null;
  loadedAtMs = Date.now();
  byId('status').textContent = '';
  byId('content').setAttribute('aria-busy', false);
  byId('sign-in-button').disabled = false;
}

/** @param announce whether somebody waits for it */
async function load(announce = false) {
  loading?.abort();
  clearTimeout(timer);
  const controller = new AbortController();
  loading = controller;
  if (announce) byId('status').textContent = 'Loading…';
  byId('content').setAttribute('aria-busy', announce);
  const isSigningIn = !byId('sign-in').hidden;
  try {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const overview = await fetchOverview(AbortSignal.any([controller.signal, timeout]));
    if (loading !== controller) return; // another load or a sign-out came first
    sessionStorage.setItem(KEY_ITEM, apiKey);
    showDashboard();
    showOverview(overview);
    byId('problem').hidden = true;
    if (isSigningIn) byId('title').focus();
  } catch (error) {
    if (loading !== controller) return;
    if (isSigningIn || error.status === 401 || error.status === 403) return showSignIn(error.message);
    // An alert is read out when it changes: the same trouble every 30 s is told once.
    if (byId('problem-text').textContent !== error.message) byId('problem-text').textContent = error.message;
    byId('problem').hidden = false;
  }
  settle();
  schedule();
}

byId('sign-in-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const key = byId('key').value.trim();
  if (!/^[\x21-\x7e]+$/.test(key)) return showSignIn('An API key looks like po_… and has no spaces.');
  apiKey = key;
  byId('sign-in-error').textContent = '';
  byId('sign-in-button').disabled = true;
  void load(true);
});

byId('controls').addEventListener('change', () => {
  view = Object.fromEntries(new FormData(byId('controls')));
  history.pushState(null, '', urlOfView(view));
  void load(true);
});

byId('controls').addEventListener('submit', (event) => {
  event.preventDefault();
  void load(true);
});

addEventListener('popstate', () => {
  view = viewOfUrl();
  showControls();
  if (apiKey !== null) void load(true);
});

byId('sign-out').addEventListener('click', () => showSignIn());
document.addEventListener('visibilitychange', schedule);

byId('copy').hidden = !navigator.clipboard; // only there over HTTPS and on localhost
byId('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(byId('curl').textContent);
  byId('copy').textContent = 'Copied';
  setTimeout(() => (byId('copy').textContent = 'Copy'), 2_000);
});

history.replaceState(null, '', urlOfView(view));
showControls();
byId('origin').textContent = location.origin;
if (apiKey === null) showSignIn();
else {
  showDashboard();
  void load(true);
}

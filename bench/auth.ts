/**
 * What finding out who calls adds to a request, for a client token and for a login session:
 *
 *     bun bench/auth.ts [--rounds 15] [--seconds 1] [--connections 16] [--only TEXT] [--generator auto|wrk|own]
 *         [--json FILE]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeLibrary } from "../scripts/make-library.ts";
import { type ApiClient, createFirstAccount, signIn } from "./lib/api-client.ts";
import { parseCount } from "./lib/arguments.ts";
import { BenchError } from "./lib/bench-error.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { chooseLoadGenerator, type LoadGenerator, type LoadResult } from "./lib/load.ts";
import { describeMachine } from "./lib/machine.ts";
import { readChildrenCpuMs, readCpuMs } from "./lib/processes.ts";
import { formatNumber, formatSummary, judge, printReport, type Row } from "./lib/report.ts";
import { runScan } from "./lib/scan-run.ts";
import { type ServerProcess, startServer } from "./lib/server-process.ts";
import { type Summary, summarize } from "./lib/statistics.ts";
import { createFolder } from "./lib/workspace.ts";

/** What a caller who is known may cost more than one who is not. */
const BUDGET_RATIO = 1.15;
/** Opens a rom's page to everybody, so that both kinds of caller get the same answer of the same operation. */
const OPENED = { DISABLE_DOWNLOAD_ENDPOINT_AUTH: "true" };
const VISITOR = { username: "visitor", password: "visitor-of-a-temporary-folder" };
const FILES = 20;

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly only: string;
  readonly generator: "auto" | "wrk" | "own";
  readonly json: string | undefined;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "15" },
      seconds: { type: "string", default: "1" },
      connections: { type: "string", default: "16" },
      only: { type: "string", default: "" },
      generator: { type: "string", default: "auto" },
      json: { type: "string" },
    },
  });
  const { generator } = values;
  if (generator !== "auto" && generator !== "wrk" && generator !== "own") {
    throw new BenchError(`--generator ${generator}: auto, wrk or own is accepted`);
  }
  return {
    rounds: parseCount("rounds", values.rounds, [1, 100]),
    seconds: parseCount("seconds", values.seconds, [1, 60]),
    connections: parseCount("connections", values.connections, [1, 1_000]),
    only: values.only,
    generator,
    json: values.json,
  };
}

/** Somebody who asks, by what they send along. */
interface Caller {
  readonly name: string;
  readonly authorization: string | null;
  readonly cookie?: string | undefined;
  /** Whom their cost is held against; null for those who are nobody. */
  readonly against: string | null;
}

/** Nobody, as an app: a header that proves nothing also spares the server the CSRF token, as a client token does. */
const BARE = "guest, an app";
/** Nobody, as a browser that was here before: its CSRF token is read, as that of a signed-in one is. */
const BROWSER = "guest, a browser";

async function listCallers(admin: ApiClient): Promise<readonly Caller[]> {
  const { url } = admin;
  const json = { "content-type": "application/json" };
  const made = await fetch(`${url}/api/users`, {
    method: "POST",
    headers: { ...json, authorization: admin.authorization },
    body: JSON.stringify({ ...VISITOR, email: "", role: "user" }),
  });
  await expectOk(made, "no account");
  const basic = `Basic ${btoa(`${VISITOR.username}:${VISITOR.password}`)}`;
  const token = await fetch(`${url}/api/client-tokens`, {
    method: "POST",
    headers: { ...json, authorization: basic },
    body: JSON.stringify({ name: "bench", scopes: ["me.read", "roms.read"] }),
  });
  const { raw_token } = (await expectOk(token, "no token")) as { readonly raw_token: string };
  const login = await fetch(`${url}/api/login`, { method: "POST", headers: { authorization: basic } });
  await expectOk(login, "no session");
  const greeting = await fetch(`${url}/api/heartbeat`);
  await greeting.arrayBuffer();
  return [
    { name: BARE, authorization: "Bearer", against: null },
    { name: "client token", authorization: `Bearer ${raw_token}`, against: BARE },
    { name: BROWSER, authorization: null, cookie: readCookies(greeting), against: null },
    { name: "session", authorization: null, cookie: readCookies(login), against: BROWSER },
  ];
}

async function expectOk(response: Response, what: string): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new BenchError(`${what}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

function readCookies(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((line) => line.slice(0, line.indexOf(";")))
    .join("; ");
}

interface Place {
  readonly name: string;
  readonly path: string;
}

async function prepare(cleanup: Cleanup): Promise<{ basePath: string; romId: number }> {
  const basePath = createFolder(cleanup, "auth");
  await makeLibrary({ outPath: join(basePath, "library"), fileCount: FILES, platformCount: 2 });
  const { stop, url } = await startServer(cleanup, { basePath });
  await createFirstAccount(url);
  const client = await signIn(url);
  await runScan(client, "quick");
  const [romId] = (await client.getJson("/api/roms/identifiers")) as readonly number[];
  await stop();
  if (romId === undefined) throw new BenchError("the scan found nothing");
  return { basePath, romId };
}

/** All callers must get the same answer, and those who should be known must be. */
async function check(url: string, place: Place, callers: readonly Caller[]): Promise<number> {
  const lengths = new Set<number>();
  for (const caller of callers) {
    const headers = {
      ...(caller.authorization === null ? {} : { authorization: caller.authorization }),
      ...(caller.cookie === undefined ? {} : { cookie: caller.cookie }),
    };
    const response = await fetch(url + place.path, { headers });
    lengths.add((await response.arrayBuffer()).byteLength);
    const me = await fetch(`${url}/api/users/me`, { headers });
    await me.arrayBuffer();
    const isKnown = me.status === 200;
    if (response.status !== 200 || isKnown !== (caller.against !== null)) {
      throw new BenchError(`${caller.name}: ${response.status}, ${me.status} of ${place.path}`);
    }
  }
  const [bytes = 0] = lengths;
  if (lengths.size > 1) throw new BenchError(`answers of ${place.path} differ: ${[...lengths].join(", ")}`);
  return bytes;
}

interface Slice extends LoadResult {
  readonly cpuMsPerRequest: number;
}

interface Session {
  readonly server: ServerProcess;
  readonly generator: LoadGenerator;
  readonly callers: readonly Caller[];
  readonly options: Options;
}

/** Figures of one place by caller, in the order of the rounds. */
type Figures = ReadonlyMap<string, readonly Slice[]>;

async function measure(place: Place, session: Session): Promise<Figures> {
  const { callers, options } = session;
  const slices = new Map<string, Slice[]>(callers.map(({ name }) => [name, []]));
  for (const caller of callers) await runSlice(place, caller, session);
  for (let round = 0; round < options.rounds; round += 1) {
    // Begun by another caller each time, so that nobody always comes after the same neighbour.
    const turn = round % callers.length;
    for (const caller of [...callers.slice(turn), ...callers.slice(0, turn)]) {
      slices.get(caller.name)?.push(await runSlice(place, caller, session));
    }
  }
  return slices;
}

async function runSlice(place: Place, caller: Caller, session: Session): Promise<Slice> {
  const { server, generator, options } = session;
  const { connections, seconds } = options;
  const { authorization, cookie } = caller;
  const readAll = () => readCpuMs(server.pid) + readChildrenCpuMs(server.pid);
  const before = readAll();
  const result = await generator.run({
    origin: server.url,
    paths: [place.path],
    authorization,
    cookie,
    connections,
    seconds,
  });
  const spentMs = readAll() - before;
  if (result.requests === 0 || result.errors > 0) {
    throw new BenchError(`${caller.name} of ${place.path}: ${result.errors} errors`);
  }
  return { ...result, cpuMsPerRequest: spentMs / result.requests };
}

interface Measured {
  readonly place: Place;
  readonly bytes: number;
  readonly figures: Figures;
}

/** How many times as much a caller costs as another one, round by round. */
function compare(figures: Figures, caller: string, against: string): Summary {
  const others = figures.get(against) ?? [];
  const own = figures.get(caller) ?? [];
  return summarize(own.map((slice, round) => slice.cpuMsPerRequest / (others[round]?.cpuMsPerRequest ?? 0)));
}

function toRows({ place, bytes, figures }: Measured, callers: readonly Caller[]): readonly Row[] {
  return callers.map(({ name, against }) => {
    const slices = figures.get(name) ?? [];
    const micros = summarize(slices.map(({ cpuMsPerRequest }) => cpuMsPerRequest * 1_000));
    const perSecond = summarize(slices.map(({ requests, seconds }) => requests / seconds));
    const ratio = against === null ? null : compare(figures, name, against);
    return [
      `${place.name}: ${name}`,
      bytes.toLocaleString("en-US"),
      formatSummary(micros, "µs", 1),
      formatNumber(perSecond.median),
      ratio === null
        ? "-"
        : `${ratio.median.toFixed(3)}x (${ratio.least.toFixed(2)}..${ratio.most.toFixed(2)})`,
      ratio === null ? "-" : `<= ${BUDGET_RATIO}x`,
      ratio === null ? "-" : judge(ratio.median <= BUDGET_RATIO),
    ];
  });
}

const HEADS: Row = ["request", "bytes", "CPU per request", "req/s", "against its guest", "budget", "verdict"];

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const options = readOptions(process.argv.slice(2));
  const { basePath, romId } = await prepare(cleanup);
  const generator = await chooseLoadGenerator(cleanup, basePath, options.generator);
  const server = await startServer(cleanup, { basePath, environment: OPENED });
  const callers = await listCallers(await signIn(server.url));
  const places = [
    { name: "stats", path: "/api/stats" },
    { name: "rom", path: `/api/roms/${romId}` },
  ].filter(({ name }) => name.includes(options.only));
  const measured: Measured[] = [];
  for (const place of places) {
    const bytes = await check(server.url, place, callers);
    measured.push({ place, bytes, figures: await measure(place, { server, generator, callers, options }) });
  }
  await server.stop();
  printReport(
    {
      title: `Who calls: ${options.connections} connections with keep-alive, ${options.rounds} rounds of ${options.seconds} s per caller, in turn`,
      machine,
      heads: HEADS,
      rows: measured.flatMap((each) => toRows(each, callers)),
      notes: [
        "CPU of the server and its PostgreSQL, user and system; the ratio is the median over rounds of the same two neighbours.",
        "Both are the same operation with the same answer, kept in memory, so nearly all of its cost is the way to it: the",
        "statistics are open to all, the rom's page is opened by DISABLE_DOWNLOAD_ENDPOINT_AUTH. An app's guest sends an",
        "Authorization header that proves nothing, a browser's guest a CSRF cookie: each spares and costs what its peer does.",
        `Load: ${generator.name}, in its own process on the same machine.`,
      ],
      figures: { options, generator: generator.name, measured: measured.map(toJson) },
    },
    options.json,
  );
});

function toJson({ place, bytes, figures }: Measured) {
  return { place, bytes, callers: Object.fromEntries(figures) };
}

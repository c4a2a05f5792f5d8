/**
 * Who may import whom: the truth that the check enforces. A change here is a change of shape and comes with a
 * decision record.
 *
 * Paths are patterns: `*` within a folder, `**` across folders, `{a,b}` one of these words. Names in `from`
 * bind a word that `may` uses again: `<domain>` (this domain), `<kit>`, `<port>`. In `may` two more exist:
 * `<lower>` is a domain on a lower step, `<any>` any domain. `pkg:` is a package that is not ours, built-in
 * modules included (`pkg:node:fs`).
 */
export interface ImportRow {
  /** The importing file; the first row that matches it decides. */
  readonly from: string;
  /** What it may import at run time. */
  readonly may: readonly string[];
  /** Exceptions from `may`. */
  readonly never?: readonly string[];
  /** What it may import by type only, beyond `may`; `ANY_TYPES` when left out. */
  readonly types?: readonly string[];
  /** Why, and what to do instead: the message of a refused import. */
  readonly reason: string;
}

/** Domains from low to high. A service calls services of lower steps only. */
export const domainSteps: readonly (readonly string[])[] = [
  ["audit"],
  ["permissions"],
  ["users", "platforms", "config"],
  ["devices", "firmware", "metadata"],
  ["roms"],
  ["assets"],
  ["auth", "collections", "screenshots", "play-sessions", "music", "search"],
  ["saves", "states"],
  ["sync", "scan", "feeds", "netplay", "relay", "streaming", "export", "backup"],
  ["tasks", "activity", "stats", "system", "setup", "logs"],
];

/** The outside world, one folder each under `server/src/ports`. */
export const portNames: readonly string[] = [
  "kv",
  "files",
  "queue",
  "compute",
  "fetch",
  "events",
  "log",
  "settings",
  "mail",
  "watch",
];

/** The transport kits under `server/src`. */
export const kitNames: readonly string[] = ["http", "rpc", "socket"];

const BASE = "server/src/base/**";
const PORTS = "server/src/ports/**";
const DB = "db/**";
const PACKAGES = "pkg:**";
/** Packages that compute and touch nothing outside of memory. */
const PURE =
  "pkg:{valibot,yaml,node:crypto,node:util,node:path,node:buffer,node:url,node:async_hooks,node:zlib}";
const DATABASE_PACKAGES = "pkg:{drizzle-orm,postgres,pg-boss}**";
const TRANSPORT_PACKAGES = "pkg:{elysia,@elysiajs/,@trpc/,socket.io,@socket.io/}**";
const IO_PACKAGES =
  "pkg:{node:fs,node:net,node:http,node:https,node:tls,node:dns,node:child_process,node:worker_threads,ioredis}**";
/** Facts and maxima of one's own domain: constants without imports of their own. */
const OWN_FACTS = ["server/src/<domain>/**/limits.ts", "server/src/<domain>/**/*.data.ts"];
/** What any file of the server may know by type: everything but the composition on top. */
const ANY_TYPES = [
  DB,
  "native/**",
  BASE,
  PORTS,
  "server/src/{http,rpc,socket}/**",
  "server/src/<any>/**",
  PACKAGES,
];

const TRANSPORT_REASON =
  "a transport only translates: it calls its own domain's service, so that permission and rules exist once";
const transportMay = [
  "server/src/<domain>/**/{service,contract,wire}.ts",
  ...OWN_FACTS,
  "server/src/<domain>/**/{rest,trpc,socket,tcp}.ts",
  BASE,
  PACKAGES,
];
const transportNever = [DATABASE_PACKAGES, IO_PACKAGES];

/** Rows from the ground floor up; the first that matches a file decides. */
export const importTable: readonly ImportRow[] = [
  {
    from: "db/**",
    may: [DB, PACKAGES],
    types: [],
    reason: "db is a ground floor: it throws its own DbError and takes a log callback, app/ maps both",
  },
  {
    from: "native/assembly/**",
    may: ["native/assembly/**"],
    types: [],
    reason: "AssemblyScript is compiled on its own: it imports nothing outside native/assembly",
  },
  {
    from: "native/**",
    may: ["native/**", PACKAGES],
    types: [],
    reason: "native is a ground floor: it runs in browsers and on handhelds, so it imports nothing of ours",
  },
  {
    from: BASE,
    may: [BASE, PURE],
    types: [DB, PORTS, PACKAGES],
    reason: "base has no I/O and no domain words; it may know db and ports by `import type` only",
  },
  {
    from: "server/src/ports/*/{postgres,pg-}*.ts",
    may: [PORTS, BASE, DB, PACKAGES],
    types: [],
    reason: "a PostgreSQL driver imports db, base and its port; it knows no domain",
  },
  {
    from: "server/src/ports/compute/**",
    may: [PORTS, BASE, "native/**", PACKAGES],
    never: [DATABASE_PACKAGES],
    types: [DB, PACKAGES],
    reason: "compute runs pure work: native and base, no database and no domain",
  },
  {
    from: "server/src/ports/<port>/**",
    may: [PORTS, BASE, PACKAGES],
    never: [DATABASE_PACKAGES],
    types: [DB, PACKAGES],
    reason: "a port knows base only; a driver that needs the database is called postgres*.ts or pg-*.ts",
  },
  {
    from: "server/src/<kit>/**",
    may: ["server/src/<kit>/**", BASE, PORTS, PACKAGES],
    never: [DATABASE_PACKAGES],
    types: [DB, PACKAGES],
    reason: "a transport kit has no domain words: the app hands it `authenticate` and the mount list",
  },
  {
    from: "server/src/<domain>/**/{limits,*.data}.ts",
    may: [BASE, ...OWN_FACTS],
    reason: "limits and facts are constants: they import base at most",
  },
  {
    from: "server/src/<domain>/**/rules.ts",
    may: [BASE, "server/src/<domain>/**/{rules,contract}.ts", ...OWN_FACTS, PURE],
    reason: "rules decide without I/O: hand them what they need as values",
  },
  {
    from: "server/src/<domain>/**/{contract,wire}.ts",
    may: [BASE, "server/src/<any>/**/{contract,wire}.ts", ...OWN_FACTS, PURE],
    reason:
      "contracts and wire shapes are pure: base and other contracts or wires, on any step, without cycles",
  },
  {
    from: "server/src/<domain>/**/queries.ts",
    may: [DB, BASE, "server/src/<domain>/**/{contract,queries,rules}.ts", ...OWN_FACTS, PACKAGES],
    never: [TRANSPORT_PACKAGES, IO_PACKAGES],
    reason: "queries read and write tables: no other domain's files, no ports, no transport",
  },
  {
    from: "server/src/metadata/providers/*.ts",
    may: ["server/src/metadata/**", BASE, PORTS, PACKAGES],
    never: [
      "server/src/metadata/{service,queries,rest,trpc,socket,wire}.ts",
      DATABASE_PACKAGES,
      TRANSPORT_PACKAGES,
    ],
    reason: "a provider asks one outside service through ports/fetch and answers in contract words",
  },
  {
    from: "server/src/<domain>/**/rest.ts",
    may: [...transportMay, "server/src/http/**"],
    never: transportNever,
    reason: TRANSPORT_REASON,
  },
  {
    from: "server/src/<domain>/**/trpc.ts",
    may: [...transportMay, "server/src/rpc/**"],
    never: transportNever,
    reason: TRANSPORT_REASON,
  },
  {
    from: "server/src/<domain>/**/{socket,tcp}.ts",
    may: [...transportMay, "server/src/socket/**"],
    never: transportNever,
    reason: TRANSPORT_REASON,
  },
  {
    // The service itself, and the files a domain keeps one of per provider, app or task.
    from: "server/src/<domain>/**",
    may: ["server/src/<domain>/**", "server/src/<lower>/**/service.ts", PORTS, BASE, "native/**", PACKAGES],
    never: [
      "server/src/<domain>/**/{rest,trpc,socket,tcp,wire}.ts",
      "server/src/ports/*/{postgres,pg-,redis}*.ts",
      DATABASE_PACKAGES,
      TRANSPORT_PACKAGES,
    ],
    reason:
      "a service imports its own files, ports, native, base and services of domains on a lower step; " +
      "same step or upward: raise an event (ports/events) or move the rule down",
  },
  {
    from: "server/src/app/web/**",
    may: ["server/src/app/web/**", "client-sdk/**", PACKAGES],
    never: ["pkg:{node:,bun}**"],
    types: ["server/src/**"],
    reason: "app/web runs in the browser: it talks to the server through client-sdk",
  },
  {
    from: "server/src/app/**",
    may: ["server/src/**", "server/package.json", DB, PACKAGES],
    never: ["server/src/main.ts", "server/src/cli/**"],
    reason: "app composes the parts; main and cli stand above it",
  },
  {
    from: "server/src/{cli/**,main.ts}",
    may: ["server/src/**", "server/package.json", DB, "native/**", "client-sdk/**", PACKAGES],
    types: ["server/src/**"],
    reason: "cli and main may use all of server, db, native and client-sdk",
  },
  {
    from: "client-sdk/src/{native,entries/native,node,entries/node}**",
    may: ["client-sdk/src/**", "native/**", PACKAGES],
    never: ["client-sdk/src/{index,client}.ts", "client-sdk/src/domains/**", "pkg:bun**"],
    types: ["server/src/**", "client-sdk/src/**"],
    reason: "the /native and /node entries may use native and node:*, and know the client by type only",
  },
  {
    from: "client-sdk/src/{sync,netplay,browser,entries/sync,entries/netplay,entries/browser}**",
    may: ["client-sdk/src/**", PACKAGES],
    never: ["client-sdk/src/{index,client}.ts", "client-sdk/src/domains/**", "pkg:{node:,bun}**"],
    types: ["server/src/**", "native/**", "client-sdk/src/**"],
    reason: "a sub-path of the SDK takes the client as an argument: it knows `.` by type only, and no node:*",
  },
  {
    from: "client-sdk/src/**",
    may: ["client-sdk/src/**", PACKAGES],
    never: ["client-sdk/src/{entries,sync,netplay,native,node,browser}**", "pkg:{node:,bun}**"],
    types: ["server/src/**", "native/**", "client-sdk/src/**"],
    reason:
      "the main entry stays small and runs everywhere: no other entry, no node:*, the server by `import type` only",
  },
];

/** Types that every row without its own list may import. */
export const anyTypes: readonly string[] = ANY_TYPES;

/** Files that the table does not bind: they may import anything. Test files are exempt as well. */
export const exemptFromTable: readonly string[] = [
  "scripts/**",
  "bench/**",
  "*/scripts/**",
  "client-sdk/examples/**",
  "native/vectors/**",
  "**/*.config.ts",
];

/** Relative imports that may leave their top folder; all others use the package name. */
export const relativeCrossings: readonly { from: string; to: string }[] = [
  // Scripts and benchmarks belong to no package; test files share the helpers below scripts/testing.
  { from: "{scripts,bench}/**", to: "**" },
  { from: "**/*.{test,testing}.ts", to: "scripts/testing/**" },
  // End-to-end tests make real libraries and ask independent tools for the hashes.
  { from: "server/src/app/e2e/**", to: "scripts/**" },
  { from: "server/src/cli/*.{test,testing}.ts", to: "scripts/**" },
  // Hashing is held against made archives, and against the answers that `native` is held against.
  { from: "server/src/ports/compute/**/*.test.ts", to: "scripts/library/**" },
  { from: "server/src/ports/compute/**/*.test.ts", to: "native/vectors/**" },
];

/** Package names of the workspaces and their folders. */
export const workspaces: Readonly<Record<string, string>> = {
  "@multitap/db": "db",
  "@multitap/native": "native",
  "@multitap/server": "server",
  "@multitap/client": "client-sdk",
};

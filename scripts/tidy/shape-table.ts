/** The shape of the tree as data: which folders and file names exist, and which places may do what others may not. */

/** Files longer than this are refused; the aim is 300. */
export const FILE_LINES_MAX = 500;
/** Functions longer than this are refused; the aim is 40. */
export const FUNCTION_LINES_MAX = 70;
/** Beyond this many parameters a function takes an options object. */
export const PARAMETERS_MAX = 3;

/** The top folders; names that begin with a dot are free. */
export const topFolders: readonly string[] = ["db", "native", "server", "client-sdk", "scripts", "bench"];

/** Folder names that say nothing about their content; `core` is taken by emulator cores. */
export const bannedFolders: readonly string[] = ["core", "utils", "helpers", "common", "misc"];

/** What stands under `server/src` beside the domains. */
export const serverFolders: readonly string[] = ["base", "ports", "http", "rpc", "socket", "app", "cli"];
export const serverFiles: readonly string[] = ["main.ts"];

/** The file names of every domain and of its sub-folders of the same shape. */
export const domainFiles: readonly string[] = [
  "README.md",
  "{contract,service,rules,queries,trpc,rest,wire,socket,tcp,limits}.ts",
  "*.data.ts",
  "*.{test,testing}.ts",
  "*.test-d.ts",
  // What a test compares with, or writes for people to read.
  "*.snapshot.txt",
];

/** What single domains hold beyond that, relative to their folder. */
export const domainExtras: Readonly<Record<string, readonly string[]>> = {
  metadata: ["providers/*.ts"],
  feeds: ["*.ts"],
  tasks: ["*.ts"],
};

/** Files that must be there for a newcomer to find the way, and what a text of them must show. */
export const requiredFiles: readonly { readonly path: string; readonly shows: readonly string[] }[] = [
  { path: "README.md", shows: ["npm start", "npm test"] },
  { path: "LICENSE", shows: [] },
  { path: "server/ARCHITECTURE.md", shows: [] },
  { path: ".ci/run", shows: [] },
  ...topFolders.map((folder) => ({ path: `${folder}/README.md`, shows: [] })),
];

/** Files of any length: tables of facts, and what a tool writes. */
export const exemptFromFileSize: readonly string[] = [
  "**/*.data.ts",
  "db/migrations/**",
  "**/*.generated.ts",
];

/** Files that may only re-export although no package.json names them. */
export const barrelEntries: readonly string[] = ["native/assembly/*.ts", "client-sdk/src/entries/*.ts"];

/** Files whose every export carries a docstring. */
export const documentedFiles: readonly string[] = [
  "client-sdk/src/**/*.ts",
  "native/host/**/*.ts",
  "server/src/**/service.ts",
  "server/src/ports/*/port.ts",
];

/**
 * Code of inner loops: AssemblyScript passes numbers in registers and has no objects to spare, so neither the number
 * of parameters nor the length of an unrolled function says anything about it; likewise the calls into it.
 */
export const exemptFromFunctionSize: readonly string[] = ["native/assembly/**", "native/host/load.ts"];

/** Files that do something when they are imported; test files and their support files may as well. */
export const filesWithEffects: readonly string[] = [
  "server/src/main.ts",
  "server/src/cli/main.ts",
  "server/src/ports/compute/worker.ts",
  // The page's script; a browser runs it.
  "server/src/app/web/page.ts",
  "client-sdk/src/entries/native-worker*.ts",
  "server/src/cli/chd/decode-worker.ts",
  "{scripts,bench}/**",
  "*/scripts/**",
  "client-sdk/examples/**",
  "native/vectors/**",
  "native/fuzz/run.ts",
  "native/assembly/**",
  "native/build.ts",
];

/** Files that may read `process.env`; test files may as well. */
export const filesReadingEnvironment: readonly string[] = [
  "server/src/app/{config*.ts,config/**}",
  "server/src/main.ts",
  "server/src/cli/**",
  "db/{embedded/**,testing*.ts,testing/**}",
  "{scripts,bench}/**",
  "*/scripts/**",
  "**/*.config.ts",
];

/** The one file that reads `x-forwarded-*`: only it knows which peers are trusted to send them. */
export const forwardedHeadersFile = "server/src/http/public-url.ts";

/** Files that may have a default export because a tool demands one. */
export const filesWithDefaultExport: readonly string[] = ["**/drizzle.config.ts"];

/** Where traces of the build machine may stand: the files that deal with it. */
export const exemptFromLeftovers: readonly string[] = [
  ".ci/**",
  "scripts/conformance*",
  "package-lock.json",
  "bun.lock",
];

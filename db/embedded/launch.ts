/** Decides under which user the PostgreSQL programs run, and how they end when we die. */
import { lchownSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DbError } from "../errors.ts";
import type { Binaries } from "./binaries.ts";
import { PROBE_TIMEOUT_MS } from "./limits.ts";
import { runProgram } from "./run-program.ts";

/** How to start a PostgreSQL program: words before the command, and a user to change to. */
export interface Launch {
  readonly prefix: readonly string[];
  /** Absent: the program runs as we do, as far as file ownership goes. */
  readonly account: { readonly uid: number; readonly gid: number } | null;
  /** The user id that the cluster's files show from outside. */
  readonly ownerUid: number;
}

export interface LaunchOptions {
  folder: string;
  binaries: Binaries;
  /** False skips user namespaces, for a test of the other way. */
  mayUseNamespaces?: boolean | undefined;
}

interface Account {
  uid: number;
  gid: number;
}

/** Overflow id of every Linux, the usual `nobody`. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };
const PREFERRED_MAPPED_UID = 1_000;

const SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The whole environment of a PostgreSQL program: nothing of ours, for it holds secrets. */
export function createEnvironment(folder: string): Record<string, string> {
  return {
    PATH: SEARCH_PATH,
    HOME: folder,
    USER: "multitap",
    LOGNAME: "multitap",
    LC_ALL: "C",
    TZ: "UTC",
  };
}

/**
 * The way to run PostgreSQL, which refuses root, on this machine.
 * Not root: as we are. Root: in a user namespace that maps root to an ordinary id (files stay root's, and folders
 * below a private parent stay reachable), else as the user who owns the folder or its parent, else as `nobody`.
 * Where `setpriv` exists, the kernel stops PostgreSQL when the thread that started it dies.
 * @throws DbError `E_PG_ROOT` when we are root and no way works.
 */
export async function chooseLaunch(options: LaunchOptions): Promise<Launch> {
  const uid = process.geteuid?.() ?? 0;
  const setpriv = findProgram("setpriv");
  const onDeath = setpriv === null ? [] : [setpriv, "--pdeathsig", "INT"];
  if (uid !== 0) {
    const launches = [onDeath, []].map((prefix) => ({ prefix, account: null, ownerUid: uid }));
    return (await findWorking(launches, options)) ?? { prefix: [], account: null, ownerUid: uid };
  }
  const namespaces = options.mayUseNamespaces === false ? [] : listNamespacePrefixes();
  const inNamespace = namespaces
    .flatMap((prefix) => [[...prefix, ...onDeath], prefix])
    .map((prefix) => ({ prefix, account: null, ownerUid: uid }));
  return (await findWorking(inNamespace, options)) ?? chooseAccount(options, onDeath);
}

async function chooseAccount(options: LaunchOptions, onDeath: readonly string[]): Promise<Launch> {
  const accounts = listAccounts(options.folder);
  for (const account of accounts) {
    const launch = { prefix: onDeath, account, ownerUid: account.uid };
    const folder = dirname(options.folder);
    if (!(await canRun(launch, options.binaries, { folder, test: "-x" }))) continue;
    giveFolder(options.folder, account);
    return launch;
  }
  const uids = accounts.map((account) => account.uid).join(" or ");
  throw new DbError(
    "E_PG_ROOT",
    `PostgreSQL refuses to run as root, and neither a user namespace nor uid ${uids} can run it on ${options.folder}. Start as an ordinary user, or set DATABASE_URL.`,
  );
}

/** Whose database this may be: the folder's owner, the owner of what it is in, or nobody. */
function listAccounts(folder: string): Account[] {
  const owners = [folder, dirname(folder)]
    .map((path) => statSync(path))
    .map(({ uid, gid }) => ({ uid, gid }));
  const accounts = [...owners.filter(({ uid }) => uid !== 0), NOBODY];
  return accounts.filter(({ uid }, index) => accounts.findIndex((other) => other.uid === uid) === index);
}

async function findWorking(launches: readonly Launch[], options: LaunchOptions): Promise<Launch | null> {
  for (const launch of launches) {
    if (await canRun(launch, options.binaries, { folder: options.folder, test: "-w" })) return launch;
  }
  return null;
}

/** Whether the program starts this way and the folder passes the shell's file test (`-w` or `-x`) from there. */
async function canRun(
  launch: Launch,
  binaries: Binaries,
  { folder, test }: { folder: string; test: "-w" | "-x" },
): Promise<boolean> {
  const script = `[ ${test} "$1" ] && exec "$2" --version`;
  const command = [...launch.prefix, "/bin/sh", "-c", script, "sh", folder, binaries.postgres];
  const { exitCode } = await runProgram(command, {
    environment: createEnvironment("/"),
    timeoutMs: PROBE_TIMEOUT_MS,
    ...(launch.account ?? {}),
  });
  return exitCode === 0;
}

// Only our own folder, and only what is not the account's already; the library is never touched.
function giveFolder(folder: string, account: Account): void {
  giveEntry(folder, account);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (lstatSync(path).uid === account.uid) continue;
    // Cluster folders are named by their major version.
    if (entry.isDirectory() && /^\d+(\.new)?$/.test(entry.name)) giveTree(path, account);
    else if (entry.isFile()) giveEntry(path, account);
  }
}

function giveEntry(path: string, account: Account): void {
  if (lstatSync(path).uid !== account.uid) lchownSync(path, account.uid, account.gid);
}

function giveTree(path: string, account: Account): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) giveTree(child, account);
    else giveEntry(child, account);
  }
  // The folder itself comes last: its owner decides whether an interrupted run is repeated.
  giveEntry(path, account);
}

/**
 * The commands that map us to an id with a passwd entry, which `initdb` looks up; empty without `unshare`.
 * @param uid Our own id outside; the mapping gives the programs' files to it.
 */
export function listNamespacePrefixes(): string[][] {
  const unshare = process.platform === "linux" ? findProgram("unshare") : null;
  if (unshare === null) return [];
  const account = pickMappedAccount(readPasswd());
  return [[unshare, "--user", `--map-user=${account.uid}`, `--map-group=${account.gid}`]];
}

/** The account to appear as inside a namespace: 1000 where it exists, else the first ordinary one. */
export function pickMappedAccount(passwd: string): Account {
  const accounts = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .map(([, , uid, gid]) => ({ uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => Number.isInteger(uid) && Number.isInteger(gid) && uid > 0);
  const preferred = accounts.find(({ uid }) => uid === PREFERRED_MAPPED_UID);
  return preferred ?? accounts[0] ?? NOBODY;
}

function readPasswd(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return ""; // A minimal image may have none; the mapping then falls back to the overflow id.
  }
}

function findProgram(name: string): string | null {
  return Bun.which(name, { PATH: SEARCH_PATH });
}

import { readFile, rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { CredentialStore, Credentials } from "../auth/types.ts";
import { MultitapError, toStorageError } from "../errors.ts";
import { hasFsCode, makeParent, writeFileDurably } from "./durable.ts";
import { withLockFile } from "./lock-file.ts";

/** Only the owner may read secrets. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * A store that keeps credentials in a file that only its owner can read. Several processes may share it: they
 * take turns with `<path>.lock`.
 * @param path Folders that are missing are made, for the owner alone.
 * @throws MultitapError (its functions) `storage` when the file is damaged or the disk fails.
 * @example
 * const client = createClient({ url, auth: fileCredentials("/home/ana/.config/shelf.json") });
 */
export function fileCredentials(path: string): CredentialStore {
  const target = resolve(path);
  // One after the other, so that a save never overtakes the one before it.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work).catch((thrown: unknown) => {
      throw toStorageError(thrown, `The credential file ${target}`);
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    load: () => inTurn(() => readCredentials(target)),
    save: (credentials) =>
      inTurn(async () => {
        await makeParent(target, FOLDER_MODE);
        await writeFileDurably(target, `${JSON.stringify(credentials, null, 2)}\n`, FILE_MODE);
      }),
    clear: () => inTurn(() => rm(target, { force: true })),
    async exclusively(work, timeoutMs) {
      await makeParent(target, FOLDER_MODE);
      return await withLockFile(`${target}.lock`, { timeoutMs }, work);
    },
  };
}

async function readCredentials(path: string): Promise<Credentials | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT")) return null;
    throw thrown;
  }
  return parseCredentials(text);
}

/** The file may hold secrets even when it is damaged, so no error repeats any of it. */
function parseCredentials(text: string): Credentials {
  const damaged = new MultitapError("storage", "STORAGE_FAILED", {
    message: "The credential file is damaged",
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw damaged;
    throw thrown;
  }
  if (typeof parsed !== "object" || parsed === null || !("accessToken" in parsed)) throw damaged;
  const { accessToken, refreshToken, expiresAt, scopes, deviceId } = parsed as Partial<Credentials>;
  if (typeof accessToken !== "string") throw damaged;
  return {
    accessToken,
    refreshToken: refreshToken ?? null,
    expiresAt: expiresAt ?? null,
    scopes: scopes ?? [],
    deviceId: deviceId ?? null,
  };
}

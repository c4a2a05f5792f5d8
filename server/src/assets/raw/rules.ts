import { toAccountFolder } from "../../base/account-folder.ts";
import { ASSET_KINDS, type AssetKind } from "../contract.ts";

/** A path below the assets that leads down and nowhere else. */
export interface RawPath {
  /** Whose folder it begins with. */
  readonly ownerId: number;
  /** Null for what is no save, state or picture, such as the picture of an account. */
  readonly kind: AssetKind | null;
  /** Everything before the file's name. */
  readonly folder: string;
  readonly fileName: string;
}

/** The names of steps that lead elsewhere. */
const ELSEWHERE: readonly string[] = ["", ".", ".."];

/** Reads a path below the assets; null for anything but a plain way down into the folder of one account. */
export function parseRawPath(path: string): RawPath | null {
  const names = path.split("/");
  const isPlain = names.every((name) => !ELSEWHERE.includes(name)) && !/[\\\p{Cc}]/u.test(path);
  if (!isPlain || !path.isWellFormed() || names.length < 3) return null;
  const ownerId = parseAccountFolder(`${names[0]}/${names[1]}`);
  if (ownerId === null) return null;
  const end = path.lastIndexOf("/");
  const kind = ASSET_KINDS.find((each) => each === names[2]) ?? null;
  return { ownerId, kind, folder: path.slice(0, end), fileName: path.slice(end + 1) };
}

/** The account whose folder this is, or null. */
function parseAccountFolder(folder: string): number | null {
  const hex = folder.slice(folder.indexOf("/") + 1);
  const [, digits = ""] = /^User:(\d{1,9})$/.exec(Buffer.from(hex, "hex").toString("latin1")) ?? [];
  const id = Number(digits);
  return digits !== "" && toAccountFolder(id) === folder ? id : null;
}

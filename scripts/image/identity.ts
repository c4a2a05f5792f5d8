/** Who the server is to be inside of a container, as the operator's variables say. */
import { StartError } from "../../server/src/app/config-errors.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Null: as it is. */
  readonly umask: number | null;
}

/** What most hosts give their first user. */
const USUAL_ID = "1000";
/** The largest id; the one above it means "none" to the kernel. */
const ID_MAX = 4_294_967_294;

/**
 * Reads PUID, PGID and UMASK.
 * @throws StartError `E_CONFIG`.
 */
export function readIdentity(variables: Variables): Identity {
  return { uid: readId(variables, "PUID"), gid: readId(variables, "PGID"), umask: readUmask(variables) };
}

function readId(variables: Variables, name: "PUID" | "PGID"): number {
  const text = variables[name] || USUAL_ID;
  if (/^\d{1,10}$/.test(text) && Number(text) <= ID_MAX) return Number(text);
  throw new StartError("E_CONFIG", `${name} is ${JSON.stringify(text)}. Accepted: a number, such as 1000.`);
}

function readUmask(variables: Variables): number | null {
  const text = variables.UMASK ?? "";
  if (text === "") return null;
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw new StartError("E_CONFIG", `UMASK is ${JSON.stringify(text)}. Accepted: octal, such as 022.`);
}

/**
 * Whether ids inside are those outside. In rootless engines they are not: there root is the user who started the
 * container, and the only one whose files are that user's.
 * @param uidMap Content of `/proc/self/uid_map`: first id inside, first id outside, how many.
 */
export function isUidMapIdentity(uidMap: string): boolean {
  const [line = "", ...more] = uidMap.trim().split("\n");
  return more.length === 0 && /^\s*0\s+0\s+\d+$/.test(line);
}

/**
 * Refuses root for the built-in database, which would run as root's equal on the host.
 * @throws StartError `E_CONFIG`.
 */
export function refuseRoot({ uid }: Identity, variables: Variables, uidMap: string): void {
  const given = ["DATABASE_URL", "DATABASE_URL_FILE", "DB_HOST", "DB_HOST_FILE"];
  const isExternal = given.some((name) => (variables[name] ?? "") !== "");
  if (uid !== 0 || isExternal || !isUidMapIdentity(uidMap)) return;
  throw new StartError(
    "E_CONFIG",
    "PUID is 0, but PostgreSQL refuses to run as root. Set PUID and PGID to an ordinary user's, or set DATABASE_URL.",
  );
}

/** Whether the launcher is to leave owners of files alone. */
export function isChownOff(variables: Variables): boolean {
  return ["0", "false", "no", "off"].includes((variables.MULTITAP_CHOWN ?? "").toLowerCase());
}

/**
 * Whether a folder is a mount of its own or below one, so that it outlives the container.
 * @param mountInfo Content of `/proc/self/mountinfo`; its fifth field is where something is mounted.
 */
export function isMounted(mountInfo: string, folder: string): boolean {
  const places = mountInfo.split("\n").map((line) => unescapeMount(line.split(" ")[4] ?? "/"));
  return places.some((place) => place !== "/" && (folder === place || folder.startsWith(`${place}/`)));
}

/** The kernel writes blanks and backslashes as octal numbers. */
function unescapeMount(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
